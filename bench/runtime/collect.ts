/** Runs what the chosen figures need, in interleaved rounds, and turns it into rows: a value, both sides, all runs. */
import { blockedLoop } from './blocked-loop.ts';
import type { Figure, SpecialFigure, VariantFigure } from './figures.ts';
import { startFilledRedis, type FilledRedis } from './filled-redis.ts';
import { firstJobTimes } from './first-job.ts';
import { idleCosts } from './idle.ts';
import { measure, type Sample, type Windows } from './measure.ts';
import type { Surroundings } from './processes.ts';
import { readable } from './readable.ts';
import { VARIANTS, withTransport, type Variant, type VariantName } from './variants.ts';

/** How much is run. */
export interface Plan {
  readonly rounds: number;
  readonly windows: Windows;
  readonly blockedRuns: number;
  readonly idlePolls: number;
  readonly starts: number;
  /** Transports of our driver; undefined is the driver's default. */
  readonly transports: readonly (string | undefined)[];
}

/** What the runs need from outside. */
export interface CollectOptions {
  readonly plan: Plan;
  readonly surroundings: Surroundings;
  /** Folder of a published project's clients; made on first use. */
  readonly clients: () => Promise<string>;
  readonly onProgress: (line: string) => void;
}

/** Values of both sides, one per run. */
export interface Runs {
  readonly ours: readonly number[];
  readonly peer: readonly number[];
}

/** One measured figure. */
export interface Row {
  readonly figure: Figure;
  readonly transport: string | undefined;
  readonly value: number;
  readonly ours: number;
  readonly peer: number | undefined;
  readonly runs: Runs;
}

type Samples = ReadonlyMap<string, readonly Sample[]>;
type Specials = ReadonlyMap<string, Runs>;

/** At most what BullMQ takes in a second here. */
const JOBS_PER_SECOND = 30_000;

/** Measures the figures; rows come in the order of the figures, the default transport first. */
export async function collect(figures: readonly Figure[], options: CollectOptions): Promise<readonly Row[]> {
  const variantFigures = figures.filter((figure) => figure.from === 'variants');
  const specialFigures = figures.filter((figure) => figure.from !== 'variants');
  const samples = await runVariants(variantFigures, options);
  const specials = new Map<string, Runs>();
  for (const transport of options.plan.transports)
    await runSpecials(specialFigures, transport, options, specials);
  return options.plan.transports.flatMap((transport) =>
    figures.map((figure) =>
      figure.from === 'variants'
        ? variantRow(figure, transport, samples)
        : specialRow(figure, transport, specials),
    ),
  );
}

async function runVariants(
  figures: readonly VariantFigure[],
  { plan, surroundings, onProgress }: CollectOptions,
): Promise<Samples> {
  const variants = new Map<string, Variant>();
  for (const { ours, against } of figures) {
    for (const transport of plan.transports)
      variants.set(label(ours, transport), ourVariant(ours, transport));
    if (against !== undefined) variants.set(against, VARIANTS[against]);
  }
  const samples = new Map<string, Sample[]>();
  const { windows } = plan;
  let redis: FilledRedis | undefined;
  const startRedis = async (): Promise<FilledRedis> => {
    const jobs = ((windows.warmUpMs + windows.shortMs) / 1_000) * JOBS_PER_SECOND;
    redis ??= await startFilledRedis(jobs, surroundings.signal);
    return redis;
  };
  try {
    for (let round = 1; round <= plan.rounds; round += 1) {
      for (const [name, variant] of variants) {
        // Even seeds: with them a window of batches has the rate that is expected over all seeds, within 2 %.
        const sample = await measure(variant, { surroundings, windows, redis: startRedis, seed: round * 2 });
        samples.set(name, [...(samples.get(name) ?? []), sample]);
        const rate = `${readable(sample.messagesPerSecond)} msg/s`;
        const cpu = `${readable(sample.cpuMicrosPerMessage)} CPU µs/msg`;
        onProgress(`round ${round} of ${plan.rounds}  ${name.padEnd(24)}  ${rate}, ${cpu}`);
      }
    }
  } finally {
    await redis?.[Symbol.asyncDispose]();
  }
  return samples;
}

async function runSpecials(
  figures: readonly SpecialFigure[],
  transport: string | undefined,
  { plan, surroundings, clients, onProgress }: CollectOptions,
  results: Map<string, Runs>,
): Promise<void> {
  const wants = (from: SpecialFigure['from']): boolean => figures.some((figure) => figure.from === from);
  const extra = transport === undefined ? {} : { transport };
  const put = (pick: SpecialFigure['pick'], runs: Runs): void =>
    void results.set(label(pick, transport), runs);
  const blocked = async (): Promise<void> => {
    const all = [];
    for (let run = 0; run < plan.blockedRuns; run += 1) all.push(await blockedLoop(surroundings, extra));
    put('duplicates', { ours: all.map(({ ours }) => ours), peer: all.map(({ peer }) => peer) });
    onProgress('blocked event loop: done');
  };
  const idle = async (): Promise<void> => {
    const options = { clients: await clients(), polls: plan.idlePolls, ...extra };
    const { ours, peer } = await idleCosts(surroundings, options);
    put('rssMB', { ours: [ours.rssMB], peer: [peer.rssMB] });
    put('callsPerMinute', { ours: [ours.callsPerMinute], peer: [peer.callsPerMinute] });
    onProgress('idle worker: done');
  };
  // An idle worker needs patience and no processor, so the blocked loops run beside it.
  await Promise.all([...(wants('blockedLoop') ? [blocked()] : []), ...(wants('idle') ? [idle()] : [])]);
  if (!wants('firstJob')) return;
  put(
    'startMs',
    await firstJobTimes(surroundings, { clients: await clients(), runs: plan.starts, ...extra }),
  );
  onProgress('start to the first job: done');
}

function variantRow(figure: VariantFigure, transport: string | undefined, samples: Samples): Row {
  const { side, against, computedPeer } = figure;
  const ourSamples = samples.get(label(figure.ours, transport)) ?? [];
  const peerSamples = against === undefined ? [] : (samples.get(against) ?? []);
  const peer = computedPeer === undefined ? peerSamples.map(side) : ourSamples.map(computedPeer);
  const measured = row(figure, transport, { ours: ourSamples.map(side), peer });
  if (computedPeer === undefined) return measured;
  // What is computed from a run belongs to that run.
  return { ...measured, value: median(ourSamples.map((sample) => side(sample) / computedPeer(sample))) };
}

function specialRow(figure: SpecialFigure, transport: string | undefined, specials: Specials): Row {
  const runs = specials.get(label(figure.pick, transport)) ?? { ours: [], peer: [] };
  const measured = row(figure, transport, runs);
  if (figure.pick !== 'duplicates') return measured;
  // One job that ran twice is one too many: the worst run counts, for us.
  const worst = Math.max(...runs.ours);
  return { ...measured, value: worst, ours: worst };
}

function row(figure: Figure, transport: string | undefined, runs: Runs): Row {
  const ours = median(runs.ours);
  const peer = runs.peer.length === 0 ? undefined : median(runs.peer);
  const value = figure.value === 'ratio' && peer !== undefined ? ours / peer : ours;
  return { figure, transport, value, ours, peer, runs };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

function ourVariant(name: VariantName, transport: string | undefined): Variant {
  return transport === undefined ? VARIANTS[name] : withTransport(VARIANTS[name], transport);
}

function label(name: string, transport: string | undefined): string {
  return transport === undefined ? name : `${name} (${transport})`;
}
