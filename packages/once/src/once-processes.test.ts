/** Processes that want the same effects, and are killed and stopped in the middle of them. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Pool } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startPostgres } from './fixtures/postgres-server.ts';
import { startRedis } from './fixtures/redis-server.ts';
import { openSharedStore, type SharedStore } from './fixtures/shared-store.ts';
import { onceKeyHash } from './key.ts';
import { createOnce } from './once.ts';
import { postgresOnceSchema } from './postgres/index.ts';

const KEYS = Array.from({ length: 50 }, (_, index) => `effect:${index}`);
const PROCESSES = 4;
const KILLS = 12;
const STOPS = 4;
const LEASE_MS = 1_000;
const PATIENCE_MS = 120_000;

type Message =
  | { readonly kind: 'started' | 'lost'; readonly key: string; readonly fence: number }
  | { readonly kind: 'result'; readonly key: string; readonly result: { fence: number; pid: number } };

let folder: string;
let closing: (() => Promise<void>)[];
const children = new Set<ChildProcess>();

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'longshore-once-'));
  await mkdir(join(folder, 'ledger'));
  closing = [() => rm(folder, { recursive: true, force: true })];
});

afterEach(async () => {
  await Promise.all([...children].map(kill));
  for (const close of closing.toReversed()) await close();
});

async function shareStore(kind: SharedStore['kind']): Promise<SharedStore> {
  if (kind === 'fs') return { kind, place: join(folder, 'objects') };
  const server = kind === 'redis' ? await startRedis() : await startPostgres();
  closing.push(() => server.stop());
  if (kind === 'postgres') {
    const pool = new Pool({ connectionString: server.url });
    await pool.query(postgresOnceSchema());
    await pool.end();
  }
  return { kind, place: server.url };
}

function start(
  shared: SharedStore,
  work: { readonly keys: readonly string[]; readonly effectMs: number },
  onMessage: (message: Message) => void,
): ChildProcess {
  const task = { shared, ledger: join(folder, 'ledger'), leaseMs: LEASE_MS, ...work };
  const path = fileURLToPath(new URL('./once-processes.test.child.ts', import.meta.url));
  const child = fork(path, [JSON.stringify(task)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: [],
  });
  children.add(child);
  child.on('message', (message) => onMessage(message as Message));
  child.once('exit', () => children.delete(child));
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

async function fencesInLedger(key: string): Promise<number[]> {
  const prefix = `${onceKeyHash(key)}-`;
  const names = await readdir(join(folder, 'ledger'));
  return names
    .filter((name) => name.startsWith(prefix))
    .map((name) => Number(name.slice(prefix.length)))
    .toSorted((a, b) => a - b);
}

/** Lets processes run all keys to their end, while some are killed and some stopped for longer than their lease. */
async function storm(shared: SharedStore): Promise<Message[]> {
  const messages: Message[] = [];
  const [killed, stopped] = [new Set<ChildProcess>(), new Set<ChildProcess>()];
  let [starts, stops] = [0, 0];
  const run = async (): Promise<void> => {
    const child = start(shared, { keys: KEYS, effectMs: 10 }, (message) => {
      messages.push(message);
      if (message.kind !== 'started' || stopped.has(child) || killed.has(child)) return;
      starts += 1;
      if (killed.size < KILLS && starts % 3 === 0) {
        killed.add(child);
        child.kill('SIGKILL');
      } else if (stops < STOPS && starts % 3 === 1) {
        stops += 1;
        stopped.add(child);
        child.kill('SIGSTOP');
        void pause(1.5 * LEASE_MS).then(() => {
          stopped.delete(child);
          child.kill('SIGCONT');
        });
      }
    });
    const [code] = (await once(child, 'exit')) as [number | null];
    // A new process takes the place of one that was killed; one that fails by itself is a fault.
    if (killed.has(child)) await run();
    else if (code !== 0) throw new Error(`A process ended by itself with ${String(code)}`);
  };
  await Promise.all(Array.from({ length: PROCESSES }, run));
  expect(killed.size).toBe(KILLS);
  expect(stops).toBe(STOPS);
  return messages;
}

describe.each(['fs', 'redis', 'postgres'] as const)('processes that share a store (%s)', (kind) => {
  it('get one result for each effect, whoever is killed or stopped', { timeout: PATIENCE_MS }, async () => {
    const shared = await shareStore(kind);
    const messages = await storm(shared);
    const { store, close } = await openSharedStore(shared);
    closing.push(close);
    for (const key of KEYS) {
      const recorded = await createOnce({ store }).once<{ fence: number; pid: number }>(key, () =>
        Promise.reject(new Error(`${key} was never done`)),
      );
      const of = messages.filter((message) => message.key === key);
      const reported = of.flatMap((message) => (message.kind === 'result' ? [message.result] : []));
      expect(reported.length, key).toBeGreaterThanOrEqual(PROCESSES);
      for (const result of reported) expect(result, key).toEqual(recorded);
      // A line can be written once, so no fence was given twice. What is recorded is the last owner's, not a zombie's.
      expect(recorded.fence, key).toBe((await fencesInLedger(key)).at(-1));
      const lost = of.flatMap((message) => (message.kind === 'lost' ? [message.fence] : []));
      expect(lost, key).not.toContain(recorded.fence);
    }
  });

  it(
    'shut out a zombie that wakes up after another has done its effect',
    { timeout: PATIENCE_MS },
    async () => {
      const shared = await shareStore(kind);
      const messages: Message[] = [];
      const keys = ['only'];
      // Long enough to be stopped in the middle of it.
      const zombie = start(shared, { keys, effectMs: 2 * LEASE_MS }, (message) => {
        messages.push(message);
        if (message.kind === 'started') zombie.kill('SIGSTOP');
      });
      await once(zombie, 'message');
      await once(
        start(shared, { keys, effectMs: 10 }, (message) => messages.push(message)),
        'exit',
      );
      zombie.kill('SIGCONT');
      await once(zombie, 'exit');
      const results = messages.flatMap((message) => (message.kind === 'result' ? [message.result] : []));
      expect(results).toHaveLength(2);
      for (const { fence, pid } of results) {
        expect(fence).toBe(2);
        expect(pid).not.toBe(zombie.pid);
      }
      expect(messages).toContainEqual({ kind: 'lost', key: 'only', fence: 1 });
      expect(await fencesInLedger('only')).toEqual([1, 2]);
    },
  );
});
