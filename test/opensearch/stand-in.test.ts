/** That the stand-in holds the rules it is there for: a driver that breaks one must be told. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startStandIn, type StandIn } from './stand-in.ts';

let standIn: StandIn;
beforeAll(async () => {
  standIn = await startStandIn({ maxContentBytes: 10_000 });
  await send('PUT', '/books-1', {
    aliases: { books: {} },
    mappings: {
      dynamic: 'strict',
      _source: { excludes: ['terms'] },
      properties: {
        id: { type: 'keyword' },
        count: { type: 'long' },
        note: { type: 'keyword', index: false, doc_values: false },
        terms: { type: 'text', analyzer: 'whitespace' },
      },
    },
  });
});
afterAll(async () => {
  await standIn.stop();
});

interface Reply {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

async function send(method: string, path: string, body?: unknown, type = 'application/json'): Promise<Reply> {
  const response = await fetch(`${standIn.url}${path}`, {
    method,
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    headers: body === undefined ? {} : { 'content-type': type },
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

const NDJSON = 'application/x-ndjson';
const lines = (id: string, version: number, source: object): string =>
  `${JSON.stringify({ index: { _id: id, version, version_type: 'external_gte' } })}\n${JSON.stringify(source)}\n`;

async function write(body: string, query = ''): Promise<unknown[]> {
  const reply = await send('POST', `/books/_bulk${query}`, body, NDJSON);
  expect(reply.status).toBe(200);
  return (reply.body['items'] as { index: unknown }[]).map((item) => item.index);
}

describe('the bulk API of the stand-in', () => {
  it('wants a content type, whole lines and a newline at the end', async () => {
    const good = lines('a', 1, { id: 'a' });
    expect((await send('POST', '/books/_bulk', good, 'text/plain')).status).toBe(406);
    for (const bad of [good.slice(0, -1), 'no json\n{}\n', good.split('\n')[0] ?? ''])
      expect((await send('POST', '/books/_bulk', bad, NDJSON)).status, bad).toBe(400);
    expect((await send('POST', '/books/_bulk', 'x'.repeat(10_001), NDJSON)).status).toBe(413);
  });

  it('gives each item a status: fields, types, terms and ids that do not fit are refused alone', async () => {
    const items = await write(
      [
        lines('fits', 1, { id: 'fits', note: 'n'.repeat(200) }),
        lines('field', 1, { id: 'field', other: 1 }),
        lines('type', 1, { id: 'type', count: 'many' }),
        lines('i'.repeat(513), 1, { id: 'long' }),
      ].join(''),
    );
    expect(items).toMatchObject([
      { status: 201, result: 'created' },
      { status: 400, error: { type: 'strict_dynamic_mapping_exception' } },
      { status: 400, error: { type: 'mapper_parsing_exception' } },
      { status: 400, error: { type: 'illegal_argument_exception' } },
    ]);
  });

  it('takes a version that is as high as the one it holds, and answers 409 to a lower one', async () => {
    await write(lines('v', 5, { id: 'v' }));
    expect(
      await write(lines('v', 5, { id: 'v' }) + lines('v', 4, { id: 'v' }) + lines('v', 6, { id: 'v' })),
    ).toMatchObject([
      { status: 200, result: 'updated' },
      { status: 409, error: { type: 'version_conflict_engine_exception' } },
      { status: 200 },
    ]);
  });

  it('makes no index for a name that is no alias, where an alias is required', async () => {
    const reply = await send('POST', '/nothing/_bulk?require_alias=true', lines('a', 1, { id: 'a' }), NDJSON);
    expect(reply.body).toMatchObject({ errors: true, items: [{ index: { status: 404 } }] });
    expect(
      (await send('POST', '/books-1/_bulk?require_alias=true', lines('a', 1, { id: 'a' }), NDJSON)).body,
    ).toMatchObject({
      items: [{ index: { status: 404 } }],
    });
  });
});

describe('a search on the stand-in', () => {
  const total = async (query: unknown): Promise<unknown> =>
    ((await send('POST', '/books/_search', { query })).body['hits'] as { total: { value: number } }).total
      .value;

  it('sees what was written after a refresh only, while a get sees it at once', async () => {
    await write(lines('late', 1, { id: 'late', terms: 'tard venu' }));
    expect(await total({ term: { id: 'late' } })).toBe(0);
    const got = await send('POST', '/books/_mget', { ids: ['late', 'none'] });
    expect(got.body['docs']).toMatchObject([{ found: true, _version: 1 }, { found: false }]);
    await send('POST', '/books/_refresh', {});
    expect(await total({ term: { id: 'late' } })).toBe(1);
    await write(lines('soon', 1, { id: 'soon' }), '?refresh=wait_for');
    expect(await total({ term: { id: 'soon' } })).toBe(1);
  });

  it('searches fields that it does not return, and returns fields that it does not search', async () => {
    await write(lines('kept', 1, { id: 'kept', terms: 'mot caché', note: 'lisible' }), '?refresh=true');
    expect(
      (await send('POST', '/books/_search', { query: { match_phrase: { terms: { query: 'mot caché' } } } }))
        .body['hits'],
    ).toMatchObject({
      hits: [{ _source: { id: 'kept', note: 'lisible' } }],
    });
    expect((await send('POST', '/books/_search', { query: { term: { note: 'lisible' } } })).status).toBe(400);
  });

  it('refuses what it does not know, and windows beyond ten thousand', async () => {
    for (const body of [
      { query: { guess: {} } },
      { size: 10_001 },
      { quary: {} },
      { query: { bool: { most: [] } } },
    ])
      expect((await send('POST', '/books/_search', body)).status, JSON.stringify(body)).toBe(400);
    expect((await send('POST', '/none/_search', {})).status).toBe(404);
  });
});

describe('the aliases of the stand-in', () => {
  it('change all at once or not at all', async () => {
    await send('PUT', '/books-2', { mappings: { dynamic: 'strict', properties: {} } });
    const move = (from: string): unknown => ({
      actions: [{ add: { index: 'books-2', alias: 'books' } }, { remove: { index: from, alias: 'books' } }],
    });
    expect((await send('POST', '/_aliases', move('none'))).status).toBe(404);
    expect(Object.keys((await send('GET', '/books')).body)).toEqual(['books-1']);
    await send('POST', '/_aliases', move('books-1'));
    expect(Object.keys((await send('GET', '/books')).body)).toEqual(['books-2']);
  });

  it('never have the name of an index, nor an index theirs twice', async () => {
    expect((await send('PUT', '/books-2', { mappings: { dynamic: 'strict' } })).body).toMatchObject({
      error: { type: 'resource_already_exists_exception' },
    });
    const clash = { actions: [{ add: { index: 'books-2', alias: 'books-1' } }] };
    expect((await send('POST', '/_aliases', clash)).status).toBe(400);
    expect((await send('PUT', '/Großes', { mappings: { dynamic: 'strict' } })).status).toBe(400);
    expect((await send('DELETE', '/books')).status).toBe(404);
  });
});
