import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Dataset, Row } from '../dashboard-sink.ts';
import { describeDashboardSink } from '../fixtures/describe-dashboard-sink.ts';
import { conformanceDataset, measured } from '../fixtures/stage.ts';
import { readExposition } from '../fixtures/read-exposition.ts';
import { prometheusSink, type PrometheusSink } from './prometheus-sink.ts';

const AT_MS = Date.UTC(2026, 10, 23, 12);
const clock = { nowMs: () => AT_MS, after: () => ({ cancel: () => undefined }) };

async function scraped({ port }: PrometheusSink): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  return await answer.text();
}

describeDashboardSink({
  name: 'Prometheus',
  async open() {
    const sink = await prometheusSink();
    return {
      sink,
      async shown({ id }) {
        const { samples } = readExposition(await scraped(sink));
        const ours = samples.filter(({ name }) => name === `${id}_waiting`.replaceAll(/[.-]/g, '_'));
        return ours.map(({ labels, value }) => [labels['queue'] ?? 'no label', value]);
      },
      [Symbol.asyncDispose]: () => sink[Symbol.asyncDispose](),
    };
  },
});

const hourly: Dataset = {
  id: 'longshore.documents-per-hour',
  fields: {
    hour: { type: 'datetime', name: 'Hour' },
    outcome: { type: 'string', name: 'Outcome' },
    worker: { type: 'string', name: 'Last \\ worker\nof "all"' },
    documents: { type: 'number', name: 'Documents \\ with "quotes"\nand lines' },
    failed: { type: 'percentage', name: 'Failed', optional: true },
    cost: { type: 'money', name: 'Cost', currencyCode: 'EUR' },
    took: { type: 'duration', name: 'Took', timeUnit: 'milliseconds' },
    waited_seconds: { type: 'duration', name: 'Waited', timeUnit: 'seconds' },
  },
  uniqueBy: ['hour', 'outcome'],
  deleteBy: 'hour',
};
const hour = (at: string, outcome: string, documents: number, failed: number | null = null): Row => ({
  hour: at,
  outcome,
  worker: 'w',
  documents,
  failed,
  cost: 0.5,
  took: 1_500,
  waited_seconds: 2,
});

describe('the metrics of a dataset', () => {
  test('are gauges of the latest time, in base units, with string keys as labels', async () => {
    await using sink = await prometheusSink({ clock });
    await sink.describe(hourly);
    const rows = [
      hour('2026-11-23T10:00:00Z', 'extracted', 100),
      // Later, although its text is not.
      hour('2026-11-23T10:30:00-01:00', 'extracted', 7, 0.25),
      hour('2026-11-23T09:00:00Z', 'buried', 1e21),
    ];
    await sink.push(hourly, rows, 'merge');
    const text = await scraped(sink);
    expect(text).toBe(
      [
        String.raw`# HELP longshore_documents_per_hour_documents Documents \\ with "quotes"\nand lines (dataset longshore.documents-per-hour)`,
        '# TYPE longshore_documents_per_hour_documents gauge',
        'longshore_documents_per_hour_documents{outcome="buried"} 1e+21',
        'longshore_documents_per_hour_documents{outcome="extracted"} 7',
        '# HELP longshore_documents_per_hour_failed_ratio Failed (dataset longshore.documents-per-hour)',
        '# TYPE longshore_documents_per_hour_failed_ratio gauge',
        'longshore_documents_per_hour_failed_ratio{outcome="extracted"} 0.25',
        '# HELP longshore_documents_per_hour_cost_eur Cost (dataset longshore.documents-per-hour)',
        '# TYPE longshore_documents_per_hour_cost_eur gauge',
        'longshore_documents_per_hour_cost_eur{outcome="buried"} 0.5',
        'longshore_documents_per_hour_cost_eur{outcome="extracted"} 0.5',
        '# HELP longshore_documents_per_hour_took_seconds Took (dataset longshore.documents-per-hour)',
        '# TYPE longshore_documents_per_hour_took_seconds gauge',
        'longshore_documents_per_hour_took_seconds{outcome="buried"} 1.5',
        'longshore_documents_per_hour_took_seconds{outcome="extracted"} 1.5',
        '# HELP longshore_documents_per_hour_waited_seconds Waited (dataset longshore.documents-per-hour)',
        '# TYPE longshore_documents_per_hour_waited_seconds gauge',
        'longshore_documents_per_hour_waited_seconds{outcome="buried"} 2',
        'longshore_documents_per_hour_waited_seconds{outcome="extracted"} 2',
        '# HELP longshore_dashboard_pushed_timestamp_seconds When a dataset was last pushed here',
        '# TYPE longshore_dashboard_pushed_timestamp_seconds gauge',
        `longshore_dashboard_pushed_timestamp_seconds{dataset="longshore.documents-per-hour"} ${AT_MS / 1_000}`,
        '',
      ].join('\n'),
    );
    readExposition(text);
  });

  test('read back as they were, whatever texts and numbers there are', async () => {
    await using sink = await prometheusSink();
    const dataset = conformanceDataset('any');
    await sink.describe(dataset);
    const text = fc.string({ unit: 'binary' }).map((each) => each.toWellFormed());
    const row = fc.tuple(text, fc.double({ noNaN: true, noDefaultInfinity: true }));
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(row, { selector: ([queue]) => queue }), async (pairs) => {
        await sink.push(
          dataset,
          pairs.map(([queue, waiting]) => measured(queue, waiting)),
          'replace',
        );
        const { samples } = readExposition(await scraped(sink));
        const read = samples.filter(({ name }) => name === 'any_waiting');
        // There is no minus zero in JSON or in a dashboard.
        const pushed = pairs.map(([queue, waiting]) => [queue, waiting + 0] as const);
        expect(new Map(read.map(({ labels, value }) => [labels['queue'], value]))).toEqual(new Map(pushed));
      }),
      { numRuns: 50 },
    );
  });

  test.for<[string, Dataset, RegExp]>([
    ['a name that begins with a digit', { ...conformanceDataset('2026.jobs') }, /begins with a digit/],
    [
      'nothing to measure',
      { id: 'texts', fields: { queue: { type: 'string', name: 'Queue' } }, uniqueBy: ['queue'] },
      /no field is a number/,
    ],
    ['the name of another dataset', conformanceDataset('jobs-now'), /which dataset "jobs\.now" is already/],
    [
      'the name of another field',
      {
        id: 'two',
        fields: {
          key: { type: 'string', name: 'Key' },
          took: { type: 'duration', name: 'Took', timeUnit: 'hours' },
          took_seconds: { type: 'number', name: 'Took' },
        },
        uniqueBy: ['key'],
      },
      /"two_took_seconds", which field "took" is already/,
    ],
  ])('are refused when they are described: %s', async ([, dataset, message]) => {
    await using sink = await prometheusSink();
    await sink.describe(conformanceDataset('jobs.now'));
    await expect(sink.describe(dataset)).rejects.toThrow(message);
    await expect(sink.describe(dataset)).rejects.toMatchObject({ code: 'invalid_options' });
    await sink.describe(conformanceDataset('jobs.now'));
  });
});

describe('the server', () => {
  test('answers GET and HEAD at /metrics, and nothing else', async () => {
    await using sink = await prometheusSink();
    const at = (path: string, method: string): Promise<Response> =>
      fetch(`http://127.0.0.1:${sink.port}${path}`, { method });
    expect((await at('/metrics?x=1', 'GET')).status).toBe(200);
    const head = await at('/metrics', 'HEAD');
    expect([head.status, await head.text()]).toEqual([200, '']);
    expect((await at('/', 'GET')).status).toBe(404);
    const post = await at('/metrics', 'POST');
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  });

  test('says which port is taken, and what to do', async () => {
    await using other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    await expect(prometheusSink({ port })).rejects.toMatchObject({
      code: 'invalid_options',
      message: expect.stringMatching(
        /^Cannot listen on 127\.0\.0\.1:\d+: .*EADDRINUSE.*; give another port/,
      ) as string,
    });
  });

  test.skipIf(process.platform !== 'linux')('shares its port with workers of the machine', async () => {
    const first = await prometheusSink();
    await using second = await prometheusSink({ port: first.port });
    await first[Symbol.asyncDispose]();
    expect(await scraped(second)).toBe('');
  });

  test('closes twice, although a reader keeps its connection', async () => {
    const sink = await prometheusSink();
    const idle = request({
      port: sink.port,
      path: '/metrics',
      agent: false,
      headers: { connection: 'keep-alive' },
    });
    const answered = new Promise((resolve) => idle.once('response', (answer) => resolve(answer.resume())));
    idle.end();
    await answered;
    await Promise.all([sink[Symbol.asyncDispose](), sink[Symbol.asyncDispose]()]);
    await expect(fetch(`http://127.0.0.1:${sink.port}/metrics`)).rejects.toThrow('fetch failed');
  });
});

/** Prometheus' own checker, of the Debian package prometheus; this one case is left out where it is not installed. */
const promtool = process.env['PROMTOOL'] ?? 'promtool';
const hasPromtool = spawnSync(promtool, ['--version']).status === 0;
test.skipIf(!hasPromtool)("promtool takes it, left out without Prometheus' promtool", async () => {
  await using sink = await prometheusSink();
  await sink.describe(hourly);
  await sink.push(hourly, [hour('2026-11-23T10:00:00Z', 'a "b" \\ \n c', 100, 0.5)], 'merge');
  const { status, stdout, stderr } = spawnSync(promtool, ['check', 'metrics'], {
    input: await scraped(sink),
  });
  expect([status, stdout.toString(), stderr.toString()]).toEqual([0, '', '']);
});
