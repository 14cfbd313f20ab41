import { createHash } from 'node:crypto';
import { readJson, readText, type ObjectStore } from '@longshore/objects';
import { memoryObjectStore } from '@longshore/objects/memory';
import { createProducer, listDeadLetters } from '@longshore/queue';
import { memoryQueue } from '@longshore/queue/memory';
import { createWorker, jsonLog, type Worker } from '@longshore/worker';
import { describe, expect, it } from 'vitest';
import { createDelivery } from './delivery.ts';
import { anEndpoint } from './fixtures/describe-delivery-store.ts';
import { scriptedDestination } from './fixtures/scripted-destination.ts';
import { publishDocument } from './index.ts';
import { linkMint } from './links/link-token.ts';
import { sqliteDeliveryStore } from './sqlite/index.ts';
import type { DeliveryStore } from './store/delivery-store.ts';

const documentId = 'd'.repeat(64);
const artefactKey = `extractions/1/${documentId}.json`;
const artefact = '{"pages":[{"page":1,"text":"Une élection"}]}';
const sha256 = createHash('sha256').update(artefact).digest('hex');
const job = {
  documentId,
  revision: 1,
  source: 'folder/Le Rapport.pdf',
  outcome: 'extracted' as const,
  artefactKey,
  pages: 3,
  words: 500,
  language: 'fr',
  tenant: 'acme',
  worker: 'ignored',
  bytes: 12,
};
const log = jsonLog({ level: 'silent' });
const links = linkMint({ key: 'k'.repeat(32), publicUrl: new URL('https://files.example.com/') });

/** What tests interfere with. */
interface Interference {
  readonly objects?: (store: ObjectStore) => ObjectStore;
  readonly store?: (store: DeliveryStore) => DeliveryStore;
}

async function open() {
  const objects = memoryObjectStore();
  const store = await sqliteDeliveryStore({ path: ':memory:' });
  const receiver = scriptedDestination();
  const deadLetters = memoryQueue({ name: 'delivery-dlq' });
  const queue = memoryQueue({ name: 'delivery', deadLetters });
  const producer = createProducer({ queueFor: () => queue });
  const worker = (interference: Interference = {}): Worker => {
    const delivery = createDelivery({
      store: interference.store?.(store) ?? store,
      destinations: [receiver],
      links,
      log,
    });
    return createWorker({
      queue,
      producer,
      objects: interference.objects?.(objects) ?? objects,
      slots: 10,
      handlers: delivery.handlers,
      log,
    });
  };
  await store.endpoints.add(anEndpoint('a', { tenant: 'acme' }));
  await store.endpoints.add(anEndpoint('b', { tenant: 'acme' }));
  return {
    objects,
    store,
    receiver,
    deadLetters,
    queue,
    producer,
    worker,
    [Symbol.asyncDispose]: () => store.close(),
  };
}

/** Runs until nothing is visible. */
async function settle(worker: Worker, queue: ReturnType<typeof memoryQueue>): Promise<void> {
  while ((await queue.counts()).backlog > 0) await worker.tick();
}

describe('publish-document', () => {
  it('publishes, records and tells, each once, however often it comes', async () => {
    await using stage = await open();
    await stage.objects.put(artefactKey, artefact, { contentType: 'application/json' });
    await stage.producer.enqueueAll(publishDocument, [job, job, job]);
    await settle(stage.worker(), stage.queue);
    await stage.producer.enqueue(publishDocument, job);
    await settle(stage.worker(), stage.queue);

    const key = `delivered/acme/${documentId}/${sha256}`;
    expect(await readText(stage.objects, key)).toBe(artefact);
    expect(await readJson(stage.objects, `delivered/acme/${documentId}/manifests/1.json`)).toMatchObject({
      tenant: 'acme',
      documentId,
      revision: 1,
      files: [{ name: 'Le Rapport.json', key, sha256, bytes: Buffer.byteLength(artefact) }],
    });
    expect(await stage.store.documents.get('acme', documentId)).toMatchObject({ revision: 1, file: { key } });
    expect(stage.receiver.sent.map(({ endpoint }) => endpoint.id).sort()).toEqual(['a', 'b']);
    expect(new Set(stage.receiver.sent.map(({ id }) => id)).size).toBe(1);
    const body = JSON.parse(stage.receiver.sent[0]?.body ?? '') as { data: { url: string } };
    expect(body).toMatchObject({
      type: 'document.available',
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      data: {
        documentId,
        revision: 1,
        sequence: 1,
        source: 'folder/Le Rapport.pdf',
        pages: 3,
        language: 'fr',
        url: expect.stringMatching(/^https:\/\/files\.example\.com\/d\/[\w-]{43}$/) as string,
        file: { name: 'Le Rapport.json', sha256, bytes: Buffer.byteLength(artefact) },
      },
    });
    expect(await stage.deadLetters.counts()).toMatchObject({ backlog: 0 });
  });

  it('tells of a rejection, which has no file', async () => {
    await using stage = await open();
    const rejected = {
      documentId,
      revision: 1,
      source: 'a.pdf',
      outcome: 'rejected',
      code: 'encrypted',
      tenant: 'acme',
    } as const;
    await stage.producer.enqueue(publishDocument, rejected);
    await settle(stage.worker(), stage.queue);
    const body = JSON.parse(stage.receiver.sent[0]?.body ?? '') as { data: object };
    expect(body).toMatchObject({ type: 'document.rejected', data: { code: 'encrypted', sequence: 1 } });
    expect(body.data).not.toHaveProperty('url');
  });

  it('does not tell of an older revision after a newer one', async () => {
    await using stage = await open();
    await stage.objects.put(artefactKey, artefact);
    for (const revision of [2, 1]) {
      await stage.producer.enqueue(publishDocument, { ...job, revision });
      await settle(stage.worker(), stage.queue);
    }
    const revisions = stage.receiver.sent.map(
      ({ body }) => (JSON.parse(body) as { data: { revision: number } }).data.revision,
    );
    expect(revisions).toEqual([2, 2]);
  });

  it('waits for an artefact that is not there yet', async () => {
    await using stage = await open();
    await stage.producer.enqueue(publishDocument, job);
    await stage.worker().tick();
    expect(await stage.queue.counts()).toMatchObject({ inFlight: 1 });
    expect(await stage.store.documents.get('acme', documentId)).toBeUndefined();
  });

  it('buries what cannot be right, saying why', async () => {
    await using stage = await open();
    await stage.objects.put(artefactKey, artefact);
    await stage.objects.put(`delivered/acme/${documentId}/manifests/1.json`, '{"files":"none"}');
    await stage.producer.enqueue(publishDocument, job);
    await settle(stage.worker(), stage.queue);
    const [letter] = await listDeadLetters(stage.deadLetters, { limit: 1 });
    expect(letter).toMatchObject({
      code: 'corrupt',
      reason: expect.stringContaining('manifests/1.json') as string,
    });
    for (const wrong of [
      { tenant: '../x' },
      { tenant: '' },
      { documentId: 'abc' },
      { artefactKey: undefined },
    ])
      await expect(
        stage.producer.enqueue(publishDocument, { ...job, ...wrong } as typeof job),
      ).rejects.toMatchObject({
        code: 'invalid_payload',
      });
  });

  it('gives the job back, uncounted, while the store is down', async () => {
    await using stage = await open();
    await stage.objects.put(artefactKey, artefact);
    await stage.producer.enqueue(publishDocument, job);
    const broken = await sqliteDeliveryStore({ path: ':memory:' });
    const worker = stage.worker({
      store: () => ({
        ...broken,
        documents: {
          ...broken.documents,
          record: async () => {
            const { LongshoreError } = await import('@longshore/job');
            throw new LongshoreError('delivery_unavailable', 'The database is away', { retryable: true });
          },
        },
      }),
    });
    await worker.tick();
    await broken.close();
    expect(await stage.queue.counts()).toMatchObject({ backlog: 0, inFlight: 1 });
    expect(await stage.deadLetters.counts()).toMatchObject({ backlog: 0 });
    expect(stage.receiver.sent).toEqual([]);
  });
});

describe('publish-document that dies', () => {
  /** Lets a number of calls through; the next one never comes back, with its effect or without. */
  function dyingAfter(
    calls: number,
    isDone: boolean,
  ): { readonly dies: Promise<void>; readonly wrap: <T extends object>(part: T) => T } {
    const death = Promise.withResolvers<void>();
    let left = calls;
    const wrap = <T extends object>(part: T): T =>
      new Proxy(part, {
        get(target, name) {
          const value: unknown = Reflect.get(target, name);
          if (typeof value !== 'function') return value;
          return async (...args: unknown[]): Promise<unknown> => {
            left -= 1;
            if (left >= 0) return (await Reflect.apply(value, target, args)) as unknown;
            if (isDone && left === -1) await Reflect.apply(value, target, args);
            death.resolve();
            return await new Promise(() => undefined);
          };
        },
      });
    return { dies: death.promise, wrap };
  }

  it.each([true, false])(
    'at any call (done: %s) has published nothing twice and told everybody in the end',
    async (isDone) => {
      let points = 0;
      for (let survived = 0; ; survived += 1) {
        await using stage = await open();
        await stage.objects.put(artefactKey, artefact);
        await stage.producer.enqueue(publishDocument, job);
        const { dies, wrap } = dyingAfter(survived, isDone);
        const victim = stage.worker({
          objects: wrap,
          store: (store) => ({ ...store, documents: wrap(store.documents), schedule: wrap(store.schedule) }),
        });
        const ran = settle(victim, stage.queue).then(() => 'finished');
        const end = await Promise.race([ran, dies.then(() => 'died')]);
        // The queue delivers again what nobody has completed; here the producer does.
        await stage.producer.enqueue(publishDocument, job);
        await settle(stage.worker(), stage.queue);
        const told = new Set(stage.receiver.sent.map(({ endpoint, id }) => `${endpoint.id} ${id}`));
        // A lease that died with its worker is taken over by the sweeper a minute later.
        const due = await stage.store.schedule.dueEndpoints({ nowMs: Date.now() + 61_000, limit: 9 });
        expect(new Set([...[...told].map((each) => each.split(' ')[0]), ...due]), `call ${survived}`).toEqual(
          new Set(['a', 'b']),
        );
        expect(new Set(stage.receiver.sent.map(({ id, body }) => `${id} ${body}`)).size).toBeLessThanOrEqual(
          1,
        );
        const keys = (await Array.fromAsync(stage.objects.list('delivered/'))).map(({ key }) => key);
        expect(keys).toHaveLength(2);
        if (end === 'finished') break;
        points += 1;
      }
      expect(points).toBeGreaterThan(8);
    },
  );
});
