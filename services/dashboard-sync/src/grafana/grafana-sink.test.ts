import { describe, expect, test } from 'vitest';
import { describeDashboardSink } from '../fixtures/describe-dashboard-sink.ts';
import { conformanceDataset, measured } from '../fixtures/stage.ts';
import { grafanaSink, type GrafanaSink } from './grafana-sink.ts';

const TOKEN = 'a-token-of-some-length';
const AT_MS = Date.UTC(2026, 10, 23, 12);
const clock = { nowMs: () => AT_MS, after: () => ({ cancel: () => undefined }) };

function get({ port }: GrafanaSink, path: string, token?: string): Promise<Response> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return fetch(`http://127.0.0.1:${port}${path}`, { headers });
}

describeDashboardSink({
  name: 'Grafana',
  async open() {
    const sink = await grafanaSink({ token: TOKEN });
    return {
      sink,
      async shown({ id }) {
        const answer = await get(sink, `/datasets/${id}`, TOKEN);
        if (answer.status === 404) return [];
        const rows = (await answer.json()) as { queue: string; waiting: number }[];
        return rows.map(({ queue, waiting }) => [queue, waiting]);
      },
      [Symbol.asyncDispose]: () => sink[Symbol.asyncDispose](),
    };
  },
});

const dataset = conformanceDataset('longshore.queues');

describe('what Grafana reads', () => {
  test('is an array of rows, the oldest first, with the time of the last push', async () => {
    await using sink = await grafanaSink({ clock });
    await sink.describe(dataset);
    expect(await (await get(sink, '/datasets/longshore.queues')).json()).toEqual([]);
    await sink.push(dataset, [measured('new', 2, 5), measured('old', 1, 0), measured('mid', 3, 2)], 'merge');
    const answer = await get(sink, '/datasets/longshore.queues?from=1');
    expect(await answer.json()).toEqual([
      measured('old', 1, 0),
      measured('mid', 3, 2),
      measured('new', 2, 5),
    ]);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(answer.headers.get('last-modified')).toBe('Mon, 23 Nov 2026 12:00:00 GMT');
  });

  test('lists the datasets, and answers its test of the data source', async () => {
    await using sink = await grafanaSink({ clock });
    await sink.describe(dataset);
    await sink.describe(conformanceDataset('other'));
    await sink.push(dataset, [measured('pdf', 2)], 'merge');
    expect((await get(sink, '/')).status).toBe(200);
    expect(await (await get(sink, '/datasets')).json()).toEqual([
      {
        id: 'longshore.queues',
        fields: dataset.fields,
        uniqueBy: ['queue'],
        rows: 1,
        pushedAt: '2026-11-23T12:00:00.000Z',
      },
      { id: 'other', fields: dataset.fields, uniqueBy: ['queue'], rows: 0, pushedAt: null },
    ]);
    for (const path of ['/datasets/gone', '/datasets/', '/datasets/..%2f', '/nowhere'])
      expect((await get(sink, path)).status).toBe(404);
  });

  test('forgets rows when fields or key change, and only then', async () => {
    await using sink = await grafanaSink();
    const held = async (): Promise<unknown> => await (await get(sink, '/datasets/longshore.queues')).json();
    await sink.describe(dataset);
    await sink.push(dataset, [measured('pdf', 2)], 'merge');
    const { deleteBy: _, ...unordered } = dataset;
    await sink.describe(unordered);
    expect(await held()).toHaveLength(1);
    await sink.describe({ ...dataset, uniqueBy: ['queue', 'at'] });
    expect(await held()).toEqual([]);
  });

  test('needs the token, where there is one, at every path', async () => {
    await using sink = await grafanaSink({ token: TOKEN });
    for (const token of [undefined, '', 'a-token-of-some-lengt', `${TOKEN}x`, TOKEN.toUpperCase()]) {
      const answer = await get(sink, '/datasets', token);
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    }
    expect((await get(sink, '/', 'x')).status).toBe(401);
    expect((await get(sink, '/datasets', TOKEN)).status).toBe(200);
    await expect(grafanaSink({ token: 'short' })).rejects.toThrow(/has 5 characters: give at least 16/);
  });
});
