/** What the OpenSearch driver does when the cluster misbehaves, on the stand-in. */
import { Client } from '@opensearch-project/opensearch';
import type { IndexOperation, SearchDocument } from '@longshore/search';
import { openSearchIndex, type OpenSearchIndexOptions } from '@longshore/search/opensearch';
import { describe, expect, it } from 'vitest';
import { startStandIn, type StandIn, type StandInOptions } from './stand-in.ts';

async function stage(options: StandInOptions & Partial<OpenSearchIndexOptions> = {}) {
  const standIn = await startStandIn(options);
  const client = new Client({ node: standIn.url });
  // Pauses of no length: what counts is what is tried again, not when.
  const open = async () => await openSearchIndex({ random: () => 0, ...options, client });
  return {
    standIn,
    client,
    open,
    [Symbol.asyncDispose]: async () => {
      await client.close();
      await standIn.stop();
    },
  };
}

const puts = (count: number, text = 'commun', revision = 1): IndexOperation[] =>
  Array.from({ length: count }, (_, at) => ({
    kind: 'put',
    document: {
      id: `d${at}`,
      revision,
      title: `d${at}`,
      language: 'fr',
      source: '',
      pages: [{ page: 1, text }],
    },
  }));

const bulks = ({ requests }: StandIn): number => requests.filter((each) => each.endsWith('/_bulk')).length;

describe('a bulk request', () => {
  it('is tried again for the refused items alone', async () => {
    await using scene = await stage();
    const index = await scene.open();
    scene.standIn.faults.push({ path: /_bulk/, times: 2, kind: 'rejectItems' });
    const sent: number[] = [];
    const request = scene.client.transport.request.bind(scene.client.transport);
    scene.client.transport.request = ((params: { bulkBody?: string }, options: object) => {
      if (params.bulkBody !== undefined) sent.push(params.bulkBody.split('\n').length >> 1);
      return request(params as never, options);
    }) as never;
    const results = await index.bulk(puts(8));
    expect(results.every(({ outcome }) => outcome === 'written')).toBe(true);
    expect(sent).toEqual([8, 4, 2]);
    expect((await index.search({ text: 'commun' })).total).toBe(8);
  });

  it.each(['hang', 'reset', 'html502', 'reject', 'block', 'cut'] as const)(
    'that meets "%s" is sent again, and nothing is lost or written twice',
    async (kind) => {
      await using scene = await stage({ requestTimeoutMs: 200 });
      const index = await scene.open();
      scene.standIn.faults.push({ path: /_bulk/, times: 2, kind });
      const results = await index.bulk(puts(5));
      expect(results.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 5 }, () => 'written'));
      expect(bulks(scene.standIn)).toBe(3);
      expect(await index.count()).toBe(5);
    },
  );

  it('that fails at every try fails as a whole, is worth another call, and never counts as poison', async () => {
    await using scene = await stage({ tries: 3 });
    const index = await scene.open();
    scene.standIn.faults.push({ path: /_bulk/, times: 3, kind: 'rejectItems' });
    await expect(index.bulk(puts(4))).resolves.toHaveLength(4);
    scene.standIn.faults.push({ path: /_bulk/, times: 3, kind: 'html502' });
    await expect(index.bulk(puts(4, 'neuf', 2))).rejects.toMatchObject({
      code: 'index_unavailable',
      retryable: true,
      message: expect.stringContaining('502') as string,
    });
    await index.bulk(puts(4, 'neuf', 2));
    expect((await index.search({ text: 'neuf' })).total).toBe(4);
  });

  it('that is too large is halved, and a document that is too large fails alone', async () => {
    await using scene = await stage({ maxContentBytes: 20_000 });
    const index = await scene.open();
    const [large] = puts(1, 'grand '.repeat(4_000));
    const many = puts(60, 'petit texte '.repeat(30)).slice(1);
    const results = await index.bulk([...many, ...(large === undefined ? [] : [large])]);
    expect(results.slice(0, -1).every(({ outcome }) => outcome === 'written')).toBe(true);
    expect(results.at(-1)).toMatchObject({
      outcome: 'failed',
      reason: expect.stringContaining('http.max_content_length') as string,
    });
    expect(await index.count()).toBe(59);
  });

  it('never has more bytes on their way than it may', async () => {
    await using scene = await stage({ maxRequestBytes: 4_000, maxBytesInFlight: 10_000 });
    const index = await scene.open();
    await Promise.all(
      Array.from({ length: 12 }, async (_, at) => await index.bulk(puts(10, `lot${at} `.repeat(20), at + 1))),
    );
    expect(scene.standIn.mostBytesAtOnce()).toBeLessThanOrEqual(10_000);
    expect(scene.standIn.mostBytesAtOnce()).toBeGreaterThan(4_000);
    expect((await index.search({ text: 'lot11' })).total).toBe(10);
  });

  it('that a document spoils lets it fail alone', async () => {
    await using scene = await stage();
    const index = await scene.open();
    const [good, fine] = puts(2);
    if (good?.kind !== 'put' || fine === undefined) throw new Error('two documents were made');
    const poison: IndexOperation = {
      kind: 'put',
      document: { ...good.document, id: 'poison', language: 'x'.repeat(40_000) },
    };
    const results = await index.bulk([good, poison, fine]);
    expect(results).toMatchObject([
      { outcome: 'written' },
      { outcome: 'failed', reason: expect.stringContaining('immense term') as string },
      { outcome: 'written' },
    ]);
  });

  it('is overtaken by a newer revision without being an error', async () => {
    await using scene = await stage();
    const [index, other] = [await scene.open(), await scene.open()];
    scene.standIn.faults.push({ path: /_bulk/, times: 1, kind: 'reject' });
    const [older, newer] = [index.bulk(puts(3, 'vieux', 1)), other.bulk(puts(3, 'neuf', 2))];
    expect((await newer).every(({ outcome }) => outcome === 'written')).toBe(true);
    expect((await older).every(({ outcome }) => outcome !== 'failed')).toBe(true);
    expect([
      (await index.search({ text: 'neuf' })).total,
      (await index.search({ text: 'vieux' })).total,
    ]).toEqual([3, 0]);
  });

  it('may go without waiting until it can be found', async () => {
    await using scene = await stage({ isFoundAtOnce: false });
    const index = await scene.open();
    await index.bulk(puts(3));
    expect([await index.count(), (await index.revisions(['d0'])).size]).toEqual([0, 1]);
    await scene.client.indices.refresh({ index: 'longshore' }).catch(() => undefined);
    await scene.client.transport.request({ method: 'POST', path: '/longshore/_refresh', body: {} });
    expect(await index.count()).toBe(3);
  });
});

describe('opening an index', () => {
  it('makes it once, however many open it together', async () => {
    await using scene = await stage();
    const indexes = await Promise.all(Array.from({ length: 8 }, async () => await scene.open()));
    await Promise.all(indexes.map(async (index) => await index.bulk(puts(1))));
    expect(scene.standIn.cluster.all('longshore*').map(({ name }) => name)).toEqual(['longshore-000001']);
  });

  it('refuses an index of another version, and a name that OpenSearch would refuse', async () => {
    await using scene = await stage();
    scene.standIn.cluster.create('longshore-000001', {
      aliases: { longshore: {} },
      mappings: { dynamic: 'strict', _meta: { longshoreVersion: 99 }, properties: {} },
    });
    await expect(scene.open()).rejects.toMatchObject({
      code: 'index_unavailable',
      retryable: false,
      message: expect.stringContaining('version 99') as string,
    });
    await expect(
      openSearchIndex({ client: scene.client, name: 'Große', replicas: -1 }),
    ).rejects.toMatchObject({
      code: 'invalid_options',
      message: expect.stringMatching(/Große.*replicas -1/) as string,
    });
  });

  it('says that a cluster cannot be reached, and that another try may help', async () => {
    await using scene = await stage();
    await scene.standIn.stop();
    await expect(openSearchIndex({ client: scene.client, random: () => 0, tries: 2 })).rejects.toMatchObject({
      code: 'index_unavailable',
      retryable: true,
      message: expect.stringContaining('ECONNREFUSED') as string,
    });
    await using again = await stage();
    scene.standIn.stop = again.standIn.stop;
  });
});

describe('a collection that takes no ids', () => {
  it('is refused with its reason', async () => {
    await using scene = await stage({ isServerless: true });
    const index = await scene.open();
    await expect(index.bulk(puts(1))).rejects.toMatchObject({
      code: 'unsupported',
      retryable: false,
      message: expect.stringContaining('type "search"') as string,
    });
  });
});

describe('an index whose alias is gone', () => {
  it('is not made anew by a write', async () => {
    await using scene = await stage();
    const index = await scene.open();
    await index.bulk(puts(1));
    scene.standIn.cluster.remove('longshore-000001');
    await expect(index.bulk(puts(1, 'neuf', 2))).rejects.toMatchObject({ code: 'index_unavailable' });
    expect(scene.standIn.cluster.all('longshore*')).toEqual([]);
  });
});

describe('a rebuild', () => {
  async function* documents(count: number): AsyncGenerator<SearchDocument> {
    for (const operation of puts(count, 'neuf', 2)) {
      if (operation.kind === 'put') yield operation.document;
      await Promise.resolve();
    }
  }

  it.each(['reset', 'html502', 'reject', 'cut'] as const)(
    'whose change of aliases meets "%s" is done once, and leaves one index',
    async (kind) => {
      await using scene = await stage();
      const index = await scene.open();
      await index.bulk(puts(10));
      scene.standIn.faults.push({ path: /_aliases/, times: 1, kind });
      await index.rebuild(documents(10));
      expect((await index.search({ text: 'neuf' })).total).toBe(10);
      expect(scene.standIn.cluster.all('longshore*').map(({ name }) => name)).toEqual(['longshore-000002']);
    },
  );

  it('that died is named, with what to delete, and does not stop the writers', async () => {
    await using scene = await stage();
    const index = await scene.open();
    scene.standIn.cluster.create('longshore-000002', {
      aliases: { 'longshore-building': {} },
      mappings: { dynamic: 'strict', properties: scene.standIn.cluster.one('longshore').mapping.properties },
    });
    await index.bulk(puts(3));
    await expect(index.rebuild(documents(3))).rejects.toMatchObject({
      code: 'index_unavailable',
      message: expect.stringContaining('DELETE /longshore-000002') as string,
    });
    scene.standIn.cluster.remove('longshore-000002');
    expect(await index.rebuild(documents(3))).toEqual({ written: 3, failed: [] });
    expect((await index.search({ text: 'neuf' })).total).toBe(3);
  });
});
