/**
 * What the autoscaler itself costs, without a network: one decision, one round over a thousand services, and a controller
 * of a hundred services for a while. Facts come from a load that rises and falls.
 */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { decide, EMPTY_HISTORY } from '@longshore/autoscaler';
import { makePublishedProject } from './runtime/published-project.ts';
import { controllerOf, factsAt, spec, TICK_MS } from './controller/load.ts';

const USAGE = `Usage: pnpm bench controller [--json]

Prints the time of one decision, of a round over 1,000 services, and the memory and share of a core of a controller of
100 services that ticks every five seconds.`;

const ROUNDS = 7;

/** Runs the measurement and prints it. */
export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { json: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const decisionMicros = decisionTime();
  const loopMsFor1000 = await loopTime(1_000);
  const { heapMB, rssMB, cpuShare } = await costOf100();
  const figures = {
    decisionMicros: rounded(decisionMicros),
    loopMsFor1000: rounded(loopMsFor1000),
    heapMBFor100: rounded(heapMB),
    rssMBFor100: rounded(rssMB),
    cpuShareFor100: rounded(cpuShare),
  };
  console.log(`One decision                      ${figures.decisionMicros} µs (must 50)`);
  console.log(`Round over 1,000 services         ${figures.loopMsFor1000} ms (must 100)`);
  console.log(
    `100 services, live heap           ${figures.heapMBFor100} MB; resident with what V8 has not collected ${figures.rssMBFor100} MB`,
  );
  console.log(`100 services, share of a core     ${(100 * figures.cpuShareFor100).toFixed(3)} % (must 1 %)`);
  if (values.json) console.log(JSON.stringify(figures));
}

/** Median of the mean time of a decision, with a history of hours. */
function decisionTime(): number {
  const rounds = Array.from({ length: ROUNDS }, () => {
    let history = EMPTY_HISTORY;
    let desired = 5;
    const decisions = 20_000;
    const startedMs = performance.now();
    for (let tick = 0; tick < decisions; tick += 1) {
      const nowMs = tick * TICK_MS;
      const decision = decide(factsAt(tick, desired, nowMs), spec('one'), history, nowMs);
      ({ history, desired } = decision);
    }
    return ((performance.now() - startedMs) * 1_000) / decisions;
  });
  return median(rounds);
}

async function loopTime(count: number): Promise<number> {
  const tick = controllerOf(count);
  // Histories must be full.
  for (let round = 0; round < 150; round += 1) await tick();
  const rounds: number[] = [];
  for (let round = 0; round < 30; round += 1) {
    const startedMs = performance.now();
    await tick();
    rounds.push(performance.now() - startedMs);
  }
  return median(rounds);
}

/** A controller of 100 services in a process of its own, as npm delivers it: memory, and CPU a tick. */
async function costOf100(): Promise<{ heapMB: number; rssMB: number; cpuShare: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'longshore-bench-'));
  try {
    const clients = await makePublishedProject(folder, new AbortController().signal, 'bench/controller');
    const output = execFileSync(
      process.execPath,
      ['--expose-gc', join(clients, 'hundred-services-entry.js')],
      {
        encoding: 'utf8',
      },
    );
    const { rssBytes, heapBytes, cpuMsPerTick } = JSON.parse(output) as {
      readonly rssBytes: number;
      readonly heapBytes: number;
      readonly cpuMsPerTick: number;
    };
    return { heapMB: heapBytes / 1_048_576, rssMB: rssBytes / 1_048_576, cpuShare: cpuMsPerTick / TICK_MS };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? 0;
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}
