/**
 * What it takes to show ten thousand completions a minute on a dashboard that allows sixty requests: requests of the worst
 * minute, processor time for each completion from enqueueing on, rows that are wrong in the end. The clock of the pushes is wound by hand, so
 * that minutes pass as fast as the machine counts.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { sleep } from '@longshore/job';
import { memoryObjectStore } from '@longshore/objects/memory';
import { createProducer, type Queue } from '@longshore/queue';
import { memoryQueue } from '@longshore/queue/memory';
import {
  countDocument,
  countDocumentHandler,
  createPusher,
  geckoboardSink,
  openDashboardStore,
  shippedDatasets,
  type CountDocument,
  type StoreLocation,
} from '@longshore/service-dashboard-sync';
import { createWorker, jsonLog } from '@longshore/worker';
import { geckoboardStandIn } from '../test/geckoboard/geckoboard-stand-in.ts';
import { startPostgres } from '../test/leases/postgres-server.ts';

const PER_MINUTE = 10_000;
const MINUTES = 5;
const MAX_REQUESTS = 60;
const LOOK_EVERY_MS = 5;
/** Of all completions, told once more. */
const REPEATED_SHARE = 0.05;

/** Runs the measurement and prints it; `--json` prints one JSON object as the last line. A missed bar is no failure. */
export async function run(args: readonly string[]): Promise<void> {
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({ args: [...args], options: { json: flag, sqlite: flag } });
  const [busy = 0] = loadavg();
  console.error(`Node.js ${process.version}, ${availableParallelism()} processors, load ${busy.toFixed(1)}`);
  const folder = await mkdtemp(join(tmpdir(), 'longshore-bench-'));
  const postgres = values.sqlite ? undefined : await startPostgres(['fsync=on']);
  try {
    const figures = await measure(
      postgres === undefined
        ? { kind: 'sqlite', path: join(folder, 'dashboards.db') }
        : {
            kind: 'postgres',
            url: `postgres://longshore@localhost/postgres?host=${encodeURIComponent(postgres.host)}`,
          },
    );
    for (const [key, value] of Object.entries(figures)) console.log(`${key.padEnd(28)} ${String(value)}`);
    if (values.json) console.log(JSON.stringify(figures));
  } finally {
    await postgres?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(location: StoreLocation): Promise<object> {
  const clock = {
    ms: Date.UTC(2026, 0, 1),
    nowMs: () => clock.ms,
    after: () => ({ cancel: () => undefined }),
  };
  await using board = await geckoboardStandIn({ apiKey: 'key', nowMs: () => clock.ms });
  await using store = await openDashboardStore(location);
  const log = jsonLog({ level: 'silent' });
  const sink = geckoboardSink({ apiKey: 'key', url: board.url });
  const pusher = createPusher({
    store,
    sinks: [sink],
    datasets: shippedDatasets,
    log,
    holder: 'bench',
    clock,
  });
  const queue = memoryQueue({ name: 'dashboard' });
  const producer = createProducer({ queueFor: () => queue });
  const worker = createWorker({
    queue,
    objects: memoryObjectStore(),
    slots: 1_000,
    handlers: [countDocumentHandler({ store, datasets: shippedDatasets, clock })],
    log,
  });
  worker.start();
  let cpuMs = 0;
  let wallMs = 0;
  let told = 0;
  for (let minute = 0; minute < MINUTES; minute += 1) {
    const first = minute * PER_MINUTE;
    const numbers = Array.from({ length: PER_MINUTE }, (_, n) => first + n);
    numbers.push(...numbers.slice(0, PER_MINUTE * REPEATED_SHARE));
    const [cpu, wall] = [process.cpuUsage(), performance.now()];
    await producer.enqueueAll(
      countDocument,
      numbers.map((n) => completion(n, clock.ms)),
    );
    told += numbers.length;
    while (!(await isEmpty(queue))) await sleep(LOOK_EVERY_MS);
    const used = process.cpuUsage(cpu);
    cpuMs += (used.user + used.system) / 1_000;
    wallMs += performance.now() - wall;
    await pusher.round();
    clock.ms += 60_000;
  }
  await worker.stop({ deadlineMs: 10_000 });
  await pusher.stop();
  const shown = board
    .rows('longshore.documents-per-hour')
    .reduce((sum, row) => sum + Number(row['documents']), 0);
  const requestsInWorstMinute = board.mostCallsInAMinute();
  const missing = PER_MINUTE * MINUTES - shown;
  return {
    store: location.kind,
    completionsPerMinute: PER_MINUTE,
    requestsInWorstMinute,
    missing: Math.max(0, missing),
    countedTwice: Math.max(0, -missing),
    cpuMicrosecondsPerCompletion: Number(((cpuMs / told) * 1_000).toPrecision(3)),
    completionsPerSecond: Math.round((told / wallMs) * 1_000),
    missed: [
      ...(requestsInWorstMinute > MAX_REQUESTS ? ['requestsInWorstMinute'] : []),
      ...(missing > 0 ? ['missing'] : []),
      ...(missing < 0 ? ['countedTwice'] : []),
    ],
  };
}

async function isEmpty(queue: Queue): Promise<boolean> {
  const { backlog, inFlight, delayed } = await queue.counts();
  return backlog + inFlight + delayed === 0;
}

function completion(n: number, nowMs: number): CountDocument {
  return {
    documentId: String(n).padStart(64, '0'),
    revision: 1,
    outcome: 'extracted',
    pages: n % 7,
    words: n % 1_000,
    finishedAt: new Date(nowMs).toISOString(),
    waitedMs: n % 30_000,
    extractMs: n % 400,
  };
}
