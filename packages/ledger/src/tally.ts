/**
 * What a process counted since its last batch, in memory: ten-second counts, five-minute histograms. Counting is the hot
 * path: it costs some array increments, and allocates once in ten seconds for each job type.
 */
import type { Outcome, OutcomeKind } from '@longshore/job';
import { BIN_COUNT, binOf } from './histogram.ts';
import type { LedgerBatch } from './ledger.ts';

/** An attempt that ended. */
export interface EndedAttempt {
  /** Name of the job definition. */
  readonly job: string;
  /** Absent for messages that could not be read. */
  readonly id?: string | undefined;
  readonly outcome: Outcome;
  /** From 1; 0 where no handler ran. */
  readonly attempt: number;
  /** How often the message was received, from 1: only the first wait is one for a worker. */
  readonly receive: number;
  /** From sent to started. */
  readonly waitedMs: number;
  readonly ranMs: number;
  /** Epoch ms. */
  readonly endedAtMs: number;
}

/** Counts lie in buckets of this length. */
export const BUCKET_MS = 10_000;
/** Histograms do: there are many bins, and a distribution needs many jobs to mean something. */
export const WINDOW_MS = 300_000;

interface OutcomeCounts {
  count: number;
  attempts: number;
  waitedMs: number;
  ranMs: number;
}

interface Arrivals {
  sent: number;
  settled: number;
}

interface Bins {
  readonly wait: Uint32Array;
  readonly run: Uint32Array;
}

/** Values by time, with the one that was used last at hand. */
class Timeline<Value> {
  readonly entries = new Map<number, Value>();
  readonly #lengthMs: number;
  readonly #make: () => Value;
  #atMs = Number.NaN;
  #latest: Value | undefined;

  constructor(lengthMs: number, make: () => Value) {
    this.#lengthMs = lengthMs;
    this.#make = make;
  }

  at(timeMs: number): Value {
    const atMs = Math.floor(timeMs / this.#lengthMs) * this.#lengthMs;
    if (atMs === this.#atMs && this.#latest !== undefined) return this.#latest;
    let value = this.entries.get(atMs);
    if (value === undefined) {
      value = this.#make();
      this.entries.set(atMs, value);
    }
    this.#atMs = atMs;
    this.#latest = value;
    return value;
  }

  remove(atMs: number): Value | undefined {
    const value = this.entries.get(atMs);
    this.entries.delete(atMs);
    this.#latest = undefined;
    return value;
  }
}

interface JobTally {
  readonly counts: Timeline<Map<OutcomeKind, OutcomeCounts>>;
  readonly arrivals: Timeline<Arrivals>;
  readonly bins: Timeline<Bins>;
}

/** The rows of a batch that are counts. */
export type TallyRows = Pick<LedgerBatch, 'attempts' | 'arrivals' | 'bins'>;

/** Options of {@link Tally}. */
export interface TallyOptions {
  /** Most buckets held; what is older goes. */
  readonly maxBuckets: number;
  /** The service that works on a job that is sent. */
  readonly serviceOf: (job: string) => string;
  /** The service whose attempts end here. */
  readonly service: string;
  /** Attempts that ended, and sends, that went with old buckets. */
  readonly onDrop: (count: number) => void;
}

/** Counts until its rows are taken. */
export class Tally {
  readonly #options: TallyOptions;
  readonly #jobs = new Map<string, JobTally>();
  #buckets = 0;

  constructor(options: TallyOptions) {
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#jobs.size === 0;
  }

  ended({ job, outcome, attempt, receive, waitedMs, ranMs, endedAtMs }: EndedAttempt): void {
    const { kind } = outcome;
    const tally = this.#tallyOf(job);
    const outcomes = tally.counts.at(endedAtMs);
    let counts = outcomes.get(kind);
    if (counts === undefined) {
      counts = { count: 0, attempts: 0, waitedMs: 0, ranMs: 0 };
      outcomes.set(kind, counts);
    }
    counts.count += 1;
    counts.attempts += attempt;
    if (attempt > 0) {
      const bins = tally.bins.at(endedAtMs);
      counts.ranMs += ranMs;
      increment(bins.run, ranMs);
      if (receive === 1) {
        counts.waitedMs += waitedMs;
        increment(bins.wait, waitedMs);
      }
    }
    // A job ends once, however often it was received: that is when its arrival is sure.
    if (kind === 'completed' || kind === 'buried')
      tally.arrivals.at(endedAtMs - ranMs - waitedMs).settled += 1;
    if (this.#buckets > this.#options.maxBuckets) this.#dropOldest();
  }

  sent(job: string, count: number, atMs: number): void {
    this.#tallyOf(job).arrivals.at(atMs).sent += count;
    if (this.#buckets > this.#options.maxBuckets) this.#dropOldest();
  }

  /** Everything counted, as rows. */
  rows(): TallyRows {
    const jobs = [...this.#jobs];
    return {
      attempts: jobs.flatMap(([job, { counts }]) =>
        [...counts.entries].flatMap(([atMs, outcomes]) =>
          [...outcomes].map(([outcome, each]) => ({ atMs, job: plainText(job), outcome, ...each })),
        ),
      ),
      arrivals: jobs.flatMap(([job, { arrivals }]) => this.#arrivalRows(job, arrivals)),
      bins: jobs.flatMap(([job, { bins }]) =>
        [...bins.entries].flatMap(([atMs, { wait, run }]) => [
          ...binRows(plainText(job), atMs, 'wait', wait),
          ...binRows(plainText(job), atMs, 'run', run),
        ]),
      ),
    };
  }

  /** What is sent here is worked on by a service that may be another; what ends here was this one's. */
  #arrivalRows(job: string, arrivals: Timeline<Arrivals>): TallyRows['arrivals'] {
    const { service, serviceOf } = this.#options;
    const target = serviceOf(job);
    return [...arrivals.entries].flatMap(([atMs, { sent, settled }]) => {
      const row = { atMs, job: plainText(job) };
      if (target === service) return [{ ...row, service, sent, settled }];
      return [
        ...(sent > 0 ? [{ ...row, service: target, sent, settled: 0 }] : []),
        ...(settled > 0 ? [{ ...row, service, sent: 0, settled }] : []),
      ];
    });
  }

  #tallyOf(job: string): JobTally {
    let tally = this.#jobs.get(job);
    if (tally === undefined) {
      tally = {
        counts: new Timeline(BUCKET_MS, () => this.#counted(new Map<OutcomeKind, OutcomeCounts>())),
        arrivals: new Timeline(BUCKET_MS, () => this.#counted({ sent: 0, settled: 0 })),
        bins: new Timeline(WINDOW_MS, () => ({
          wait: new Uint32Array(BIN_COUNT),
          run: new Uint32Array(BIN_COUNT),
        })),
      };
      this.#jobs.set(job, tally);
    }
    return tally;
  }

  #counted<Value>(value: Value): Value {
    this.#buckets += 1;
    return value;
  }

  /** Memory is bounded whatever the store does: the oldest tenth goes. */
  #dropOldest(): void {
    const times = [...this.#jobs.values()].flatMap(({ counts, arrivals }) => [
      ...counts.entries.keys(),
      ...arrivals.entries.keys(),
    ]);
    times.sort((a, b) => a - b);
    const beforeMs = times[Math.ceil(times.length / 10)] ?? Infinity;
    let dropped = 0;
    for (const atMs of new Set(times.filter((each) => each < beforeMs))) dropped += this.#drop(atMs);
    for (const [job, { counts, arrivals, bins }] of this.#jobs) {
      for (const atMs of bins.entries.keys()) if (atMs + WINDOW_MS <= beforeMs) bins.remove(atMs);
      if (counts.entries.size + arrivals.entries.size + bins.entries.size === 0) this.#jobs.delete(job);
    }
    this.#options.onDrop(dropped);
  }

  #drop(atMs: number): number {
    let dropped = 0;
    for (const { counts, arrivals } of this.#jobs.values()) {
      const outcomes = counts.remove(atMs);
      const arrived = arrivals.remove(atMs);
      this.#buckets -= Number(outcomes !== undefined) + Number(arrived !== undefined);
      const ended = [...(outcomes?.values() ?? [])].reduce((sum, { count }) => sum + count, 0);
      // What is settled is an attempt that ended, in this bucket or a later one.
      dropped += ended + (arrived?.sent ?? 0);
    }
    return dropped;
  }
}

/** What every store takes as text: no NUL, no half of a character, no more than 200 characters. */
export function plainText(text: string, maxCharacters: number = 200): string {
  return text.slice(0, maxCharacters).replaceAll('\0', '').toWellFormed();
}

function increment(bins: Uint32Array, ms: number): void {
  const bin = binOf(ms);
  bins[bin] = (bins[bin] ?? 0) + 1;
}

function binRows(job: string, atMs: number, kind: 'wait' | 'run', bins: Uint32Array): TallyRows['bins'] {
  return [...bins].flatMap((count, bin) => (count === 0 ? [] : [{ atMs, job, kind, bin, count }]));
}
