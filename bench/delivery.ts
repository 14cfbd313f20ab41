/**
 * What an endpoint that hangs costs its neighbours, and how many webhooks a process delivers per second. Receivers live in
 * a process of their own; rounds with and without the hanging endpoint alternate.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openDeliveryStore, type StoreLocation } from '@longshore/service-delivery';
import { startPostgres } from '../test/leases/postgres-server.ts';
import { measureNeighbours, measureRate, type Load } from './delivery/loads.ts';
import { startReceiver } from './delivery/receiver.ts';

/** The bar: healthy endpoints beside one that hangs, against all healthy. */
const MAX_P99_RATIO = 2;

const FULL: Load = { endpoints: 50, perSecond: 100, seconds: 8, rounds: 5, burst: 5_000 };
const QUICK: Load = { endpoints: 50, perSecond: 60, seconds: 3, rounds: 3, burst: 500 };

/** Runs the measurement and prints it; `--json` prints one JSON object as the last line. A missed bar is no failure. */
export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      sqlite: { type: 'boolean', default: false },
    },
  });
  const [busy = 0] = loadavg();
  console.error(`Node.js ${process.version}, ${availableParallelism()} processors, load ${busy.toFixed(1)}`);
  const folder = await mkdtemp(join(tmpdir(), 'longshore-bench-'));
  const postgres = values.sqlite ? undefined : await startPostgres();
  const receiver = await startReceiver();
  const location: StoreLocation =
    postgres === undefined
      ? { kind: 'sqlite', path: join(folder, 'deliveries.db') }
      : {
          kind: 'postgres',
          url: `postgres://longshore@localhost/postgres?host=${encodeURIComponent(postgres.host)}`,
        };
  const load = values.quick ? QUICK : FULL;
  try {
    await using store = await openDeliveryStore(location);
    const neighbours = await measureNeighbours(store, receiver, load);
    const deliveriesPerSecond = await measureRate(store, receiver, load);
    const result = {
      store: location.kind,
      ...neighbours,
      deliveriesPerSecond,
      missed: neighbours.healthyP99Ratio > MAX_P99_RATIO ? ['healthyP99Ratio'] : [],
    };
    for (const [key, value] of Object.entries(result)) console.log(`${key.padEnd(24)} ${String(value)}`);
    if (values.json) console.log(JSON.stringify(result));
  } finally {
    await receiver.stop();
    await postgres?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  }
}
