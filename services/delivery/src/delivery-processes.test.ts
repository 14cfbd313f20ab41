/** Workers that are killed with kill -9 in the middle of whatever they do. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fsObjectStore } from '@longshore/objects/fs';
import { afterEach, expect, it } from 'vitest';
import { anEndpoint } from './fixtures/describe-delivery-store.ts';
import { startHostileReceiver } from './fixtures/hostile-receiver.ts';
import { sqliteDeliveryStore } from './sqlite/index.ts';
import { verifyWebhook } from './index.ts';

const DOCUMENTS = 40;
const ENDPOINTS = 3;
/** At these numbers of requests the worker that sent the last one dies before it has its answer. */
const KILLS = [1, 2, 5, 9, 20, 21, 50, 90, 100, 119];
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

const children = new Set<ChildProcess>();
afterEach(async () => {
  await Promise.all([...children].map(kill));
});

async function kill(child: ChildProcess): Promise<void> {
  children.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

function start(folder: string): ChildProcess {
  const path = fileURLToPath(new URL('./delivery.test.child.ts', import.meta.url));
  const child = fork(path, [folder, String(DOCUMENTS)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: [],
  });
  children.add(child);
  return child;
}

it(
  'Every document is published once and told at least once, whatever is killed when',
  { timeout: 90_000 },
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'longshore-delivery-'));
    const receiver = await startHostileReceiver();
    const store = await sqliteDeliveryStore({ path: join(folder, 'deliveries.db') });
    const objects = fsObjectStore({ root: join(folder, 'objects') });
    for (let index = 0; index < DOCUMENTS; index += 1) {
      const documentId = String(index).padStart(64, '0');
      await objects.put(`extractions/1/${documentId}.json`, `{"document":${index}}`);
    }
    let requests = 0;
    let next = Promise.withResolvers<void>();
    const told = new Set<string>();
    const everybody = Promise.withResolvers<void>();
    for (let index = 0; index < ENDPOINTS; index += 1) {
      const path = `/endpoint-${index}`;
      await store.endpoints.add(
        anEndpoint(`endpoint-${index}`, { tenant: 'default', target: receiver.url(path) }),
      );
      receiver.answer(path, (response) => {
        requests += 1;
        const got = receiver.received.at(-1);
        told.add(`${path} ${String(got?.headers['webhook-id'])}`);
        if (KILLS.includes(requests)) next.resolve();
        else response.writeHead(204).end();
        if (told.size === DOCUMENTS * ENDPOINTS) everybody.resolve();
      });
    }
    for (const _ of KILLS) {
      const child = start(folder);
      await Promise.race([next.promise, everybody.promise]);
      await kill(child);
      next = Promise.withResolvers();
    }
    const last = start(folder);
    await everybody.promise;
    // What was told and not settled may come again; nothing else does.
    let pending = -1;
    while (pending !== 0) {
      pending = (await store.schedule.dueEndpoints({ nowMs: Date.now() + 3_600_000, limit: 10 })).length;
      await new Promise((resolve) => {
        setTimeout(resolve, 20);
      });
    }
    await kill(last);

    expect(told.size).toBe(DOCUMENTS * ENDPOINTS);
    // At each kill at most two tries per endpoint were under way.
    expect(receiver.received.length).toBeLessThanOrEqual(
      DOCUMENTS * ENDPOINTS + KILLS.length * ENDPOINTS * 2,
    );
    const bodies = new Map<string, string>();
    for (const got of receiver.received) {
      verifyWebhook(got, { secrets: [secret] });
      const id = String(got.headers['webhook-id']);
      // Nobody is told of a document in two ways.
      expect(bodies.get(id) ?? got.body.toString()).toBe(got.body.toString());
      bodies.set(id, got.body.toString());
    }
    expect(bodies.size).toBe(DOCUMENTS);
    const keys = (await Array.fromAsync(objects.list('delivered/'))).map(({ key }) => key);
    expect(keys).toHaveLength(2 * DOCUMENTS);
    expect(
      new Set(
        [...bodies.values()].map(
          (body) => (JSON.parse(body) as { data: { sequence: number } }).data.sequence,
        ),
      ),
    ).toEqual(new Set([1]));
    await store.close();
    await objects.close();
    await receiver.stop();
    await rm(folder, { recursive: true });
  },
);
