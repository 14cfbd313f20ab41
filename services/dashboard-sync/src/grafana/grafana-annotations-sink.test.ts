import { describe, expect, test } from 'vitest';
import type { Dataset } from '../dashboard-sink.ts';
import { describeDashboardSink } from '../fixtures/describe-dashboard-sink.ts';
import { conformanceDataset, measured } from '../fixtures/stage.ts';
import { startGrafanaStandIn, type HeldAnnotation } from '../fixtures/grafana-stand-in.ts';
import { grafanaAnnotationsSink } from './grafana-annotations-sink.ts';

const TOKEN = 'glsa_of-a-service-account';
const dataset = conformanceDataset('longshore.failures');

/** What a row told: the suite's dataset, read back from the words of an annotation. */
function told({ text }: HeldAnnotation): readonly [string, number] {
  const [, queue = '', waiting] = /^Queue: (.*)\nWaiting: (.*)$/s.exec(text) ?? [];
  return [queue, Number(waiting)];
}

describeDashboardSink({
  name: 'Grafana annotations',
  takesUndescribed: 'Grafana knows annotations and no datasets',
  async open({ timeoutMs, id }) {
    const standIn = await startGrafanaStandIn({ token: TOKEN });
    return {
      sink: grafanaAnnotationsSink({ url: standIn.url, token: TOKEN, datasets: [id], timeoutMs }),
      failNext: standIn.failNext,
      shown: () => Promise.resolve([...standIn.annotations.values()].map(told)),
      [Symbol.asyncDispose]: () => standIn[Symbol.asyncDispose](),
    };
  },
});

/** The same cases at a Grafana, whose annotations of the suite they remove. */
const live = { url: process.env['GRAFANA_URL'] ?? '', token: process.env['GRAFANA_TOKEN'] ?? '' };
describe.skipIf(live.url === '')('live, left out without GRAFANA_URL and GRAFANA_TOKEN', () => {
  describeDashboardSink({
    name: 'Grafana annotations (live)',
    takesUndescribed: 'Grafana knows annotations and no datasets',
    open: ({ timeoutMs, id }) =>
      Promise.resolve({
        sink: grafanaAnnotationsSink({ ...live, datasets: [id], timeoutMs }),
        async shown() {
          const url = new URL(`api/annotations?limit=1000&tags=${id}`, `${live.url}/`);
          const answer = await fetch(url, { headers: { authorization: `Bearer ${live.token}` } });
          return ((await answer.json()) as HeldAnnotation[]).map(told);
        },
        [Symbol.asyncDispose]: () => Promise.resolve(),
      }),
  });
});

describe('an annotation', () => {
  test('has the time, the words and the tags of its row, and is one however often it comes', async () => {
    await using standIn = await startGrafanaStandIn({ token: TOKEN });
    const sink = grafanaAnnotationsSink({ url: standIn.url, token: TOKEN, datasets: [dataset.id] });
    await sink.describe(dataset);
    await sink.push(dataset, [measured('pdf', 3, 5)], 'merge');
    await sink.push(dataset, [measured('pdf', 3, 5)], 'merge');
    expect([...standIn.annotations.values()]).toEqual([
      {
        id: 1,
        time: Date.UTC(2026, 10, 23, 10, 5),
        text: 'Queue: pdf\nWaiting: 3',
        tags: ['longshore', 'longshore.failures', expect.stringMatching(/^row-[0-9a-f]{24}$/)],
      },
    ]);
    expect(standIn.requests).toEqual([
      'GET /grafana/api/annotations',
      'POST /grafana/api/annotations',
      'GET /grafana/api/annotations',
    ]);
    await sink.push(dataset, [measured('pdf', 4, 5)], 'merge');
    expect(standIn.requests.slice(3)).toEqual([
      'GET /grafana/api/annotations',
      'PATCH /grafana/api/annotations/1',
    ]);
    expect(standIn.annotations.get(1)).toMatchObject({ text: 'Queue: pdf\nWaiting: 4' });
  });

  test('is not doubled when the answer to its making was lost', async () => {
    await using standIn = await startGrafanaStandIn({ token: TOKEN });
    const sink = grafanaAnnotationsSink({ url: standIn.url, token: TOKEN, datasets: [dataset.id] });
    await sink.push(dataset, [measured('pdf', 3)], 'merge');
    // Made twice by two that found nothing: the next push leaves one.
    const [first] = standIn.annotations.values();
    if (first === undefined) throw new Error('There is no annotation');
    (standIn.annotations as Map<number, HeldAnnotation>).set(2, { ...first, id: 2 });
    await sink.push(dataset, [measured('pdf', 3)], 'merge');
    expect([...standIn.annotations.keys()]).toEqual([1]);
  });

  test('is made for the datasets that are events, and for no other', async () => {
    await using standIn = await startGrafanaStandIn({ token: TOKEN });
    const sink = grafanaAnnotationsSink({ url: standIn.url, token: TOKEN, datasets: [dataset.id] });
    const timeless: Dataset = {
      id: 'timeless',
      fields: { queue: { type: 'string', name: 'Queue' } },
      uniqueBy: ['queue'],
    };
    await sink.describe(timeless);
    await sink.push(timeless, [{ queue: 'pdf' }], 'replace');
    await sink.remove('timeless');
    expect(standIn.requests).toEqual([]);
    const all = grafanaAnnotationsSink({ url: standIn.url, token: TOKEN, datasets: ['timeless'] });
    await expect(all.describe(timeless)).rejects.toThrow(/no field says when an event was/);
  });

  test('of somebody else stays, whatever is replaced or removed', async () => {
    await using standIn = await startGrafanaStandIn({ token: TOKEN });
    const annotations = standIn.annotations as Map<number, HeldAnnotation>;
    const theirs = { id: 7, time: 1, text: 'Deployed', tags: ['longshore'] };
    annotations.set(7, theirs);
    const sink = grafanaAnnotationsSink({ url: standIn.url, token: TOKEN, datasets: [dataset.id] });
    await sink.push(dataset, [measured('pdf', 3), measured('index', 1)], 'merge');
    await sink.push(dataset, [measured('pdf', 4)], 'replace');
    expect([...annotations.values()].map(({ text }) => text)).toEqual(['Deployed', 'Queue: pdf\nWaiting: 4']);
    await sink.remove(dataset.id);
    expect([...annotations.values()]).toEqual([theirs]);
  });

  test.for<[string, object, RegExp]>([
    ['no URL', { url: 'grafana' }, /"grafana" is no http or https URL/],
    ['a query', { url: 'https://grafana.example.com/?orgId=1' }, /is no http or https URL of a Grafana/],
    ['no token', { token: ' ' }, /give a service account's token/],
    ['no datasets', { datasets: [] }, /the ids of the datasets/],
  ])('is not made with %s', ([, change, message]) => {
    const options = { url: 'https://grafana.example.com', token: TOKEN, datasets: ['a'] };
    expect(() => grafanaAnnotationsSink({ ...options, ...change })).toThrow(message);
  });

  test('is refused with what to do when the token may not, or the URL is of something else', async () => {
    await using standIn = await startGrafanaStandIn({ token: TOKEN });
    const options = { url: standIn.url, token: TOKEN, datasets: [dataset.id] };
    const push = (change: object): Promise<void> =>
      grafanaAnnotationsSink({ ...options, ...change }).push(dataset, [measured('pdf', 3)], 'merge');
    await expect(push({ token: 'other' })).rejects.toThrow(/status 401: Invalid API key; check the service/);
    standIn.failNext({ status: 403 });
    await expect(push({})).rejects.toThrow(/allow the service account annotations:read/);
    standIn.failNext({ status: 200, html: '<html>Log in</html>' });
    await expect(push({})).rejects.toThrow(/no list of annotations came; is the URL that of a Grafana/);
  });
});
