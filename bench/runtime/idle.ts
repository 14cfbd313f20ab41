/** What a worker costs that has run some jobs and waits for more: memory, and calls to the queue, over long polls of 20 s. */
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { startClient, startStub, type StubProcess, type Surroundings } from './processes.ts';

/** What one idle worker needs. */
export interface IdleCost {
  readonly rssMB: number;
  readonly callsPerMinute: number;
}

/** Loads and runs everything once before it idles. */
const JOBS_BEFORE = 200;
const START_WITHIN_MS = 20_000;
const SETTLE_MS = 3_000;
const WATCH_EACH_MS = 250;
const POLL_MS = 20_000;
const SLOTS = 10;

/** Options of {@link idleCosts}. */
export interface IdleOptions {
  /** Folder of a published project's clients. */
  readonly clients: string;
  readonly polls: number;
  readonly transport?: string;
}

/** Ours and sqs-consumer beside each other. Takes about 20 s for each poll. */
export async function idleCosts(
  surroundings: Surroundings,
  { clients, polls, transport }: IdleOptions,
): Promise<{ readonly ours: IdleCost; readonly peer: IdleCost }> {
  const extra = transport === undefined ? {} : { transport };
  const [ours, peer] = await Promise.all([
    idleCost(surroundings, polls, join(clients, 'longshore-worker-entry.js'), {
      slots: SLOTS,
      handler: 'none',
      ...extra,
    }),
    idleCost(surroundings, polls, join(clients, 'sqs-consumer-entry.js'), {
      consumers: 1,
      batchSize: SLOTS,
      whole: false,
      handler: 'none',
    }),
  ]);
  return { ours, peer };
}

async function idleCost(
  surroundings: Surroundings,
  polls: number,
  entry: string,
  settings: object,
): Promise<IdleCost> {
  const { signal } = surroundings;
  await using stub = await startStub(surroundings, { latencyMs: 0, stock: JOBS_BEFORE });
  const { endpoint, queueUrl } = stub;
  await using client = startClient(surroundings, entry, { endpoint, queueUrl, ...settings });
  await until(stub, signal, START_WITHIN_MS, ({ deleted }) => deleted >= JOBS_BEFORE);
  await wait(SETTLE_MS, undefined, { signal });
  // From one poll's start to the start of a later one, by the stub's clock: no part of a poll is counted as a whole.
  const before = await stub.counts();
  const polled = before.calls['ReceiveMessage'] ?? 0;
  const after = await until(
    stub,
    signal,
    (polls + 1) * POLL_MS,
    ({ calls }) => (calls['ReceiveMessage'] ?? 0) >= polled + polls,
  );
  const calls = total(after.calls) - total(before.calls);
  const { rssBytes } = await client.reading();
  return {
    rssMB: rssBytes / 1_000_000,
    callsPerMinute: (calls * 60_000) / (after.lastReceiveAtMs - before.lastReceiveAtMs),
  };
}

type Counts = Awaited<ReturnType<StubProcess['counts']>>;

async function until(
  stub: StubProcess,
  signal: AbortSignal,
  withinMs: number,
  is: (counts: Counts) => boolean,
): Promise<Counts> {
  const endMs = performance.now() + withinMs;
  for (;;) {
    const counts = await stub.counts();
    if (is(counts)) return counts;
    if (performance.now() > endMs)
      throw new Error(`An idle client did not do within ${withinMs} ms what was expected of it`);
    await wait(WATCH_EACH_MS, undefined, { signal });
  }
}

function total(calls: Readonly<Record<string, number>>): number {
  return Object.values(calls).reduce((sum, count) => sum + count, 0);
}
