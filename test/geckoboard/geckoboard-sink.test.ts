import { LongshoreError } from '@longshore/job';
import {
  defineDataset,
  GECKOBOARD_LIMITS,
  geckoboardSink,
  rowFaults,
  type Dataset,
  type Row,
} from '@longshore/service-dashboard-sync';
import { describe, expect, test } from 'vitest';
import { geckoboardStandIn } from './geckoboard-stand-in.ts';

const dataset: Dataset = {
  id: 'longshore.documents',
  fields: {
    hour: { type: 'datetime', name: 'Hour' },
    outcome: { type: 'string', name: 'Outcome' },
    documents: { type: 'number', name: 'Documents' },
  },
  uniqueBy: ['hour', 'outcome'],
  deleteBy: 'hour',
};
const row = (index: number, documents = 1): Row => ({
  hour: new Date(index * 3_600_000).toISOString(),
  outcome: 'extracted',
  documents,
});
const rows = (count: number, from = 0) => Array.from({ length: count }, (_, index) => row(from + index));

async function open(options: { apiKey?: string; timeoutMs?: number } = {}) {
  const standIn = await geckoboardStandIn({ apiKey: 'key', nowMs: () => 0 });
  const sink = geckoboardSink({ apiKey: 'key', url: standIn.url, ...options });
  return { standIn, sink, [Symbol.asyncDispose]: () => standIn[Symbol.asyncDispose]() };
}

describe('the Geckoboard sink, against a stand-in', () => {
  test('merges rows by their key, replaces them, and removes the dataset, twice too', async () => {
    await using stage = await open();
    await stage.sink.describe(dataset);
    await stage.sink.push(dataset, [row(1), row(2)], 'merge');
    await stage.sink.push(dataset, [row(2, 5)], 'merge');
    expect(stage.standIn.rows(dataset.id)).toEqual([row(1), row(2, 5)]);
    await stage.sink.push(dataset, [row(3)], 'replace');
    expect(stage.standIn.rows(dataset.id)).toEqual([row(3)]);
    await stage.sink.remove(dataset.id);
    await stage.sink.remove(dataset.id);
  });

  test('names the field by which the oldest rows are discarded', async () => {
    await using stage = await open();
    await stage.sink.describe(dataset);
    for (let from = 5_000; from >= 0; from -= 500) await stage.sink.push(dataset, rows(500, from), 'merge');
    const held = stage.standIn.rows(dataset.id);
    expect(held).toHaveLength(5_000);
    expect(held[0]).toEqual(row(500));
  });

  test.each([
    ['throttle', { status: 429, retryAfterMs: 7_000 }],
    ['throttle-silently', { status: 429 }],
    ['bad-gateway', { status: 502 }],
    ['reset', {}],
    ['hang', {}],
  ] as const)('reports "%s" as retryable, with what the answer said', async (fault, details) => {
    await using stage = await open({ timeoutMs: 200 });
    stage.standIn.failNext(fault);
    const error: unknown = await stage.sink.describe(dataset).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(LongshoreError);
    expect(error).toMatchObject({ code: 'dashboard_unavailable', retryable: true });
    expect(error).toHaveProperty('details', details);
  });

  test('refuses a wrong key for good', async () => {
    await using stage = await open({ apiKey: 'other' });
    await expect(stage.sink.describe(dataset)).rejects.toMatchObject({
      code: 'dashboard_refused',
      retryable: false,
      details: { status: 401 },
    });
  });

  test('is held to the rows of a request, unsent, and the calls of a minute', async () => {
    await using stage = await open();
    await stage.sink.describe(dataset);
    await expect(stage.sink.push(dataset, rows(501), 'merge')).rejects.toMatchObject({
      details: { faults: ['there are 501 rows, of at most 500'] },
    });
    for (let call = 1; call < 60; call += 1) await stage.sink.describe(dataset);
    await expect(stage.sink.describe(dataset)).rejects.toMatchObject({ details: { status: 429 } });
  });

  test('gives up when its caller does', async () => {
    await using stage = await open();
    stage.standIn.failNext('hang');
    const caller = new AbortController();
    const told = stage.sink.describe(dataset, { signal: caller.signal });
    caller.abort(new Error('the caller gave up'));
    await expect(told).rejects.toThrow('the caller gave up');
  });
});

test('a dataset is refused at its definition, with every fault', () => {
  const fields = Object.fromEntries(
    Array.from({ length: 11 }, (_, index) => [`f${index}`, { type: 'number', name: 'F' } as const]),
  );
  const broken: Dataset = { id: 'Bad id', fields, uniqueBy: ['f0', 'gone'], deleteBy: 'f1' };
  expect(() => defineDataset(broken, GECKOBOARD_LIMITS)).toThrow(
    /id "Bad id".*11 fields.*"f0" of type number.*"gone".*deleteBy names "f1"/,
  );
  expect(defineDataset(dataset, GECKOBOARD_LIMITS)).toBe(dataset);
});

test('the faults of a row are found before it is sent', () => {
  const bad = { hour: '2026-02-30T00:00:00Z', outcome: 'x'.repeat(101), extra: 1 };
  expect(rowFaults(dataset, bad, GECKOBOARD_LIMITS)).toHaveLength(4);
  expect(rowFaults(dataset, row(1), GECKOBOARD_LIMITS)).toEqual([]);
});
