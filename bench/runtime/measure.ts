/** Runs one variant in a fresh process: warm-up, window, what happened between its ends. */
import { setTimeout as wait } from 'node:timers/promises';
import type { FilledRedis } from './filled-redis.ts';
import { startClient, startStub, type ClientProcess, type Surroundings } from './processes.ts';
import type { Variant } from './variants.ts';

/** What a variant did in its window. */
export interface Sample {
  readonly messagesPerSecond: number;
  readonly cpuMicrosPerMessage: number;
  /** Mean of the waits that finished handlers were told, ms. */
  readonly meanWaitMs: number;
  /** Calls that the server counted, of any action, for each message deleted or sent. Absent with Redis. */
  readonly callsPerMessage?: number;
}

/** How long things are watched. */
export interface Windows {
  readonly warmUpMs: number;
  readonly shortMs: number;
  readonly longMs: number;
}

/** What a measurement needs. */
export interface MeasureOptions {
  readonly surroundings: Surroundings;
  readonly windows: Windows;
  readonly redis: () => Promise<FilledRedis>;
  /** Decides the order of waits; another one in each round. */
  readonly seed: number;
}

const START_WITHIN_MS = 20_000;
const START_POLL_MS = 50;

/** Measures a variant once. */
export function measure(variant: Variant, options: MeasureOptions): Promise<Sample> {
  return variant.server === 'stub' ? measureOnStub(variant, options) : measureOnRedis(variant, options);
}

async function measureOnStub(
  variant: Extract<Variant, { server: 'stub' }>,
  { surroundings, windows, seed }: MeasureOptions,
): Promise<Sample> {
  await using stub = await startStub(surroundings, { latencyMs: variant.latencyMs });
  const { endpoint, queueUrl } = stub;
  await using client = startClient(surroundings, variant.entry, {
    endpoint,
    queueUrl,
    seed,
    ...variant.settings,
  });
  const { signal } = surroundings;
  await warmUp(client, windows.warmUpMs, signal);
  const before = await stub.counts();
  const sample = await watch(client, windowMs(variant, windows), signal);
  const after = await stub.counts();
  const calls = sum(after.calls) - sum(before.calls);
  const settled = after.deleted + after.sent - before.deleted - before.sent;
  return { ...sample, callsPerMessage: calls / settled };
}

async function measureOnRedis(
  variant: Extract<Variant, { server: 'redis' }>,
  { surroundings, windows, redis }: MeasureOptions,
): Promise<Sample> {
  const filled = await redis();
  await filled.fill();
  const { port, queue } = filled;
  await using client = startClient(surroundings, variant.entry, { port, queue, ...variant.settings });
  await warmUp(client, windows.warmUpMs, surroundings.signal);
  const sample = await watch(client, windowMs(variant, windows), surroundings.signal);
  if ((await filled.left()) === 0) throw new Error('The BullMQ queue ran dry: the measurement is void');
  return sample;
}

/** Counts from the first message: how long a process takes to start is another figure. */
async function warmUp(client: ClientProcess, lengthMs: number, signal: AbortSignal): Promise<void> {
  const endMs = performance.now() + START_WITHIN_MS;
  while ((await client.reading()).handled === 0) {
    if (performance.now() > endMs)
      throw new Error(`A client handled nothing within ${START_WITHIN_MS} ms: see its errors above`);
    await wait(START_POLL_MS, undefined, { signal });
  }
  await wait(lengthMs, undefined, { signal });
}

async function watch(client: ClientProcess, lengthMs: number, signal: AbortSignal): Promise<Sample> {
  const before = await client.reading();
  await wait(lengthMs, undefined, { signal });
  const after = await client.reading();
  const messages = after.handled - before.handled;
  if (messages === 0)
    throw new Error(`A client stopped handling messages within ${lengthMs} ms: see its errors above`);
  return {
    messagesPerSecond: (messages * 1_000) / (after.atMs - before.atMs),
    cpuMicrosPerMessage: (after.cpuMicros - before.cpuMicros) / messages,
    meanWaitMs: (after.waitedMs - before.waitedMs) / messages,
  };
}

function windowMs({ window }: Variant, { shortMs, longMs }: Windows): number {
  return window === 'long' ? longMs : shortMs;
}

function sum(calls: Readonly<Record<string, number>>): number {
  return Object.values(calls).reduce((total, count) => total + count, 0);
}
