/** The loads: a steady stream with and without an endpoint that hangs, and a backlog that is worked off. */
import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { createProducer } from '@longshore/queue';
import { memoryQueue } from '@longshore/queue/memory';
import { createWorker, jsonLog } from '@longshore/worker';
import {
  createDelivery,
  linkMint,
  newSecret,
  notifyEndpoint,
  webhookDestination,
  type DeliveryStore,
} from '@longshore/service-delivery';
import type { Receiver } from './receiver.ts';

/** How much of everything. */
export interface Load {
  readonly endpoints: number;
  /** Events of the stream, of which the endpoint that may hang gets 8 %. */
  readonly perSecond: number;
  readonly seconds: number;
  /** With and without, each. */
  readonly rounds: number;
  /** Events of the backlog. */
  readonly burst: number;
}

/** The figures about neighbours, in milliseconds from the event to its receiver. */
export interface Neighbours {
  readonly quietP50Ms: number;
  readonly quietP99Ms: number;
  readonly besideHangingP50Ms: number;
  readonly besideHangingP99Ms: number;
  readonly healthyP99Ratio: number;
  readonly unarrived: number;
}

const HANGING_SHARE = 0.08;
/** As long as a try at the hanging endpoint takes. */
const TIMEOUT_MS = 1_500;
/** As many as a worker of this service has. */
const SLOTS = 20;

/** Alternates quiet rounds and rounds beside an endpoint that hangs. Medians of the rounds. */
export async function measureNeighbours(
  store: DeliveryStore,
  receiver: Receiver,
  load: Load,
): Promise<Neighbours> {
  const quiet: Quantiles[] = [];
  const beside: Quantiles[] = [];
  await stream(store, receiver, { ...load, seconds: 1 }, false);
  for (let round = 0; round < load.rounds; round += 1) {
    quiet.push(await stream(store, receiver, load, false));
    beside.push(await stream(store, receiver, load, true));
  }
  const of = (rounds: readonly Quantiles[], key: 'p50' | 'p99'): number =>
    median(rounds.map((each) => each[key]));
  return {
    quietP50Ms: rounded(of(quiet, 'p50')),
    quietP99Ms: rounded(of(quiet, 'p99')),
    besideHangingP50Ms: rounded(of(beside, 'p50')),
    besideHangingP99Ms: rounded(of(beside, 'p99')),
    healthyP99Ratio: rounded(of(beside, 'p99') / of(quiet, 'p99')),
    unarrived: [...quiet, ...beside].reduce((sum, each) => sum + each.unarrived, 0),
  };
}

/** Works off a backlog by the schedule alone. Deliveries per second. */
export async function measureRate(store: DeliveryStore, receiver: Receiver, load: Load): Promise<number> {
  await using stage = await open(store, receiver, load, false);
  const events = Array.from({ length: load.burst }, () => randomUUID());
  for (const [index, id] of events.entries()) await stage.emit(id, index % load.endpoints);
  const startMs = performance.now();
  stage.sweeper.start();
  while (!events.every((id) => receiver.arrivals.has(id))) await wait(20);
  return Math.round(load.burst / ((performance.now() - startMs) / 1_000));
}

interface Quantiles {
  readonly p50: number;
  readonly p99: number;
  /** Events for healthy endpoints that did not come. */
  readonly unarrived: number;
}

/** Events as they come from publications: recorded, then one job each. */
async function stream(
  store: DeliveryStore,
  receiver: Receiver,
  load: Load,
  isHanging: boolean,
): Promise<Quantiles> {
  await using stage = await open(store, receiver, load, isHanging);
  stage.sweeper.start();
  stage.worker.start();
  const sentAtMs = new Map<string, number>();
  const startMs = performance.now();
  const total = load.perSecond * load.seconds;
  for (let index = 0; index < total; index += 1) {
    const dueMs = startMs + (index * 1_000) / load.perSecond;
    if (performance.now() < dueMs) await wait(dueMs - performance.now());
    const isFirst = (index * HANGING_SHARE) % 1 < HANGING_SHARE;
    const endpoint = isFirst ? 0 : 1 + (index % (load.endpoints - 1));
    const id = randomUUID();
    if (!isFirst) sentAtMs.set(id, performance.timeOrigin + performance.now());
    await stage.emit(id, endpoint, true);
  }
  await wait(TIMEOUT_MS);
  const latencies = [...sentAtMs].flatMap(([id, atMs]) => {
    const arrivedAtMs = receiver.arrivals.get(id);
    return arrivedAtMs === undefined ? [] : [arrivedAtMs - atMs];
  });
  latencies.sort((a, b) => a - b);
  const at = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), unarrived: sentAtMs.size - latencies.length };
}

async function open(store: DeliveryStore, receiver: Receiver, load: Load, isHanging: boolean) {
  const webhooks = webhookDestination({
    allowPrivate: ['127.0.0.0/8'],
    allowHttp: true,
    timeoutMs: TIMEOUT_MS,
  });
  const log = jsonLog({ level: 'silent' });
  const links = linkMint({ key: 'k'.repeat(32), publicUrl: new URL('https://files.example.com') });
  const { desk, handlers, sweeper } = createDelivery({ store, destinations: [webhooks], links, log });
  const queue = memoryQueue({ name: 'delivery' });
  const producer = createProducer({ queueFor: () => queue });
  const worker = createWorker({ queue, producer, slots: SLOTS, handlers, log });
  const ids: string[] = [];
  for (let index = 0; index < load.endpoints; index += 1) {
    const target = receiver.url(isHanging && index === 0 ? '/hang' : `/endpoint-${index}`);
    ids.push((await desk.add({ target, secret: newSecret() })).endpoint.id);
  }
  return {
    worker,
    sweeper,
    async emit(id: string, endpoint: number, isQueued = false): Promise<void> {
      const endpointId = ids[endpoint] ?? '';
      const data = {
        documentId: id,
        revision: 1,
        source: 'report.pdf',
        pages: 12,
        words: 4_000,
        language: 'fr',
      };
      const event = { id, type: 'document.available', tenant: 'default', atMs: Date.now(), data };
      await store.schedule.emit(event, { endpointId });
      if (isQueued) await producer.enqueue(notifyEndpoint, { eventId: id, endpointId });
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await worker.stop({ deadlineMs: 5_000 });
      await sweeper.stop();
      for (const id of ids) await desk.disable(id, 'The round is over');
      await webhooks.close();
    },
  };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function rounded(value: number): number {
  return Number(value.toFixed(2));
}
