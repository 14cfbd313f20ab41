import { sleep } from '@longshore/job';
import {
  defineDataset,
  geckoboardSink,
  GECKOBOARD_LIMITS,
  rowFaults,
  type Dataset,
  type Row,
} from '@longshore/service-dashboard-sync';
import {
  conformanceDataset,
  describeDashboardSink,
  measured,
} from '@longshore/service-dashboard-sync/conformance';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readData, readDefinition } from './geckoboard-rules.ts';
import { geckoboardStandIn } from './geckoboard-stand-in.ts';

const KEY = 'a-key';

describeDashboardSink({
  name: 'Geckoboard (against a stand-in)',
  async open({ timeoutMs }) {
    // A clock that goes on by two seconds a request: these cases are not about the calls of a minute.
    let nowMs = 0;
    const standIn = await geckoboardStandIn({ apiKey: KEY, nowMs: () => (nowMs += 2_000) });
    return {
      sink: geckoboardSink({ apiKey: KEY, url: standIn.url, timeoutMs }),
      failNext: standIn.failNext,
      shown: ({ id }) =>
        Promise.resolve(
          standIn.rows(id).map(({ queue, waiting }) => [String(queue), Number(waiting)] as const),
        ),
      [Symbol.asyncDispose]: () => standIn[Symbol.asyncDispose](),
    };
  },
});

/** The same cases at api.geckoboard.com, with a dataset of their own that they remove. Rows cannot be read back there. */
const liveKey = process.env['GECKOBOARD_API_KEY'] ?? '';
describe.skipIf(liveKey === '')('live, left out without GECKOBOARD_API_KEY', () => {
  describeDashboardSink({
    name: 'Geckoboard (live)',
    async open({ timeoutMs }) {
      // A case makes up to four calls, and 60 a minute are allowed.
      await sleep(4_000);
      return {
        sink: geckoboardSink({ apiKey: liveKey, timeoutMs }),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      };
    },
  });
});

const dataset = conformanceDataset('longshore.documents');

describe('the Geckoboard stand-in', () => {
  test('is held to 60 calls in any 60 seconds, and says so with 429', async () => {
    let nowMs = 30_000;
    await using standIn = await geckoboardStandIn({ apiKey: KEY, nowMs: () => nowMs });
    const sink = geckoboardSink({ apiKey: KEY, url: standIn.url });
    for (let call = 0; call < 60; call += 1) await sink.describe(dataset);
    // Another minute of the clock, but not yet 60 seconds.
    nowMs = 89_000;
    await expect(sink.describe(dataset)).rejects.toMatchObject({ details: { status: 429 }, retryable: true });
    expect(standIn.mostCallsInAMinute()).toBe(61);
    nowMs = 150_000;
    await sink.describe(dataset);
  });

  test('refuses a wrong key, and the message says what to check', async () => {
    await using standIn = await geckoboardStandIn({ apiKey: KEY, nowMs: () => 0 });
    const sink = geckoboardSink({ apiKey: 'other', url: standIn.url });
    await expect(sink.describe(dataset)).rejects.toThrow(
      /Geckoboard: PUT \/datasets\/longshore\.documents: status 401: .*; check GECKOBOARD_API_KEY/,
    );
  });

  test('refuses a dataset of the same id with other fields, and the message says what to do', async () => {
    await using standIn = await geckoboardStandIn({ apiKey: KEY, nowMs: () => 0 });
    const sink = geckoboardSink({ apiKey: KEY, url: standIn.url });
    await sink.describe(dataset);
    await sink.push(dataset, [measured('pdf', 1)], 'merge');
    const changed: Dataset = {
      ...dataset,
      fields: { ...dataset.fields, more: { type: 'number', name: 'More' } },
    };
    await expect(sink.describe(changed)).rejects.toThrow(
      /status 409: .*give yours another id, or remove that one/,
    );
    expect(standIn.rows(dataset.id)).toHaveLength(1);
  });
});

/** What our checks let through, and what the documented rules say of it: they must agree, or rows are lost at night. */
describe('what is refused here', () => {
  const every: Dataset = {
    id: 'every.type',
    fields: {
      text: { type: 'string', name: 'Text', optional: true },
      key: { type: 'string', name: 'Key' },
      day: { type: 'date', name: 'Day', optional: true },
      at: { type: 'datetime', name: 'At' },
      count: { type: 'number', name: 'Count', optional: true },
      share: { type: 'percentage', name: 'Share' },
      cost: { type: 'money', name: 'Cost', currencyCode: 'EUR' },
      took: { type: 'duration', name: 'Took', timeUnit: 'seconds' },
    },
    uniqueBy: ['key', 'at'],
    deleteBy: 'at',
  };
  const good = {
    text: 'é'.repeat(100),
    key: '',
    day: '2028-02-29',
    at: '2026-11-23T10:00:00+01:00',
    count: -1.5,
    share: 1.5,
    cost: 0,
    took: 1e21,
  };
  const gaps = { ...good, text: null, day: null, count: null };

  test('is no row that the documented rules take, of any type', async () => {
    await using standIn = await geckoboardStandIn({ apiKey: KEY, nowMs: () => 0 });
    const sink = geckoboardSink({ apiKey: KEY, url: standIn.url });
    await sink.describe(every);
    await sink.push(every, [good], 'replace');
    await sink.push(every, [gaps], 'merge');
    expect(standIn.rows(every.id)).toEqual([gaps]);
  });

  test.for([
    ['text', 'x'.repeat(101)],
    ['text', 1],
    ['key', null],
    ['day', '2026-02-30'],
    ['day', '23/11/2026'],
    ['at', '2026-11-23'],
    ['at', '2026-11-23T10:00:00'],
    ['at', null],
    ['count', '1'],
    ['share', null],
    ['cost', '1 EUR'],
    ['took', '1s'],
    ['extra', 1],
  ] as const)('is what the documented rules refuse: %s = %s', async ([field, value]) => {
    const bad = { ...good, [field]: value };
    expect(rowFaults(every, bad, GECKOBOARD_LIMITS)).toHaveLength(1);
    await using standIn = await geckoboardStandIn({ apiKey: KEY, nowMs: () => 0 });
    await geckoboardSink({ apiKey: KEY, url: standIn.url }).describe(every);
    const answer = await raw(standIn.url, 'POST', '/datasets/every.type/data', { data: [bad] });
    expect(answer.status).toBe(400);
    expect(standIn.rows(every.id)).toEqual([]);
  });

  test('agrees with the documented rules on whatever values there are', () => {
    const of = (...parts: readonly string[]) => fc.constantFrom(...parts);
    const joined = (...parts: readonly fc.Arbitrary<string>[]) =>
      fc.tuple(...parts).map((each) => each.join(''));
    const day = joined(
      of('2026-', '2028-', '0000-', '26-'),
      of('00-', '02-', '04-', '12-', '13-', '2-'),
      of('00', '01', '28', '29', '30', '31', '32'),
    );
    const time = joined(of('00', '23', '24', '25'), of(':00', ':59', ':60', ''), of(':00', ':59', ':60', ''));
    const zone = of('Z', 'z', '', '+01:00', '-12:30', '+25:00', '+0100', '.5Z', '.123456789Z');
    const moment = joined(day, of('T', ' ', 't'), time, zone);
    const text = fc.string({ unit: 'grapheme', minLength: 98, maxLength: 102 });
    const value = fc.oneof(
      day,
      moment,
      text,
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constant(null),
    );
    const definition = readDefinition(described(every));
    if (typeof definition === 'string') throw new Error(definition);
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(every.fields)), value, (field, wanted) => {
        const row: Row = { ...good, [field]: wanted };
        const isTaken = typeof readData({ data: [row] }, definition, false) !== 'string';
        expect(rowFaults(every, row, GECKOBOARD_LIMITS).length === 0).toBe(isTaken);
      }),
      { numRuns: 5_000 },
    );
  });

  test('are numbers that JSON cannot hold', () => {
    expect(rowFaults(every, { ...good, count: Number.NaN, cost: Infinity }, GECKOBOARD_LIMITS)).toHaveLength(
      2,
    );
  });

  const eleven = Object.fromEntries(
    Array.from({ length: 11 }, (_, index) => [`f${index}`, { type: 'string', name: 'F' } as const]),
  );
  test.for<[string, Partial<Dataset>, RegExp]>([
    ['eleven fields', { fields: eleven, uniqueBy: ['f0'] }, /there are 11 fields, of at most 10/],
    ['no fields', { fields: {} }, /there is no field/],
    ['a key that is a number', { uniqueBy: ['count'] }, /"count" of type number/],
    ['a key that is no field', { uniqueBy: ['gone'] }, /"gone", which is no field/],
    [
      'money without its currency',
      { fields: { ...every.fields, cost: { type: 'money', name: 'Cost' } } },
      /"cost" is money with currencyCode ""/,
    ],
    [
      'a duration without its unit',
      { fields: { ...every.fields, took: { type: 'duration', name: 'Took' } } },
      /"took" is a duration/,
    ],
    ['a field without a name', { fields: { ...every.fields, key: { type: 'string', name: '' } } }, /no name/],
  ])('is a dataset that the documented rules refuse: %s', async ([, change, message]) => {
    const { deleteBy: _, ...rest } = every;
    const broken: Dataset = { ...rest, ...change };
    expect(() => defineDataset(broken, GECKOBOARD_LIMITS)).toThrow(message);
    await using standIn = await geckoboardStandIn({ apiKey: KEY, nowMs: () => 0 });
    expect((await raw(standIn.url, 'PUT', '/datasets/every.type', described(broken))).status).toBe(400);
  });

  test('are datasets that lose or double rows although the API takes them', () => {
    const strict: readonly (readonly [Partial<Dataset>, RegExp])[] = [
      [{ uniqueBy: [] }, /a redelivered row would count twice/],
      [{ uniqueBy: ['text'] }, /"text", which is optional/],
      [{ deleteBy: 'day' }, /"day", which is optional/],
      [{ deleteBy: 'count' }, /"count", which is no date or datetime field/],
      [{ id: 'Bad id' }, /id "Bad id" must be lower-case/],
    ];
    for (const [change, message] of strict)
      expect(() => defineDataset({ ...every, ...change }, GECKOBOARD_LIMITS)).toThrow(message);
    const codes = { ...every.fields, cost: { type: 'money', name: 'Cost', currencyCode: 'XYZ' } } as const;
    expect(() => defineDataset({ ...every, fields: codes }, GECKOBOARD_LIMITS)).toThrow(/none of ISO 4217/);
    expect(defineDataset(every, GECKOBOARD_LIMITS)).toBe(every);
  });
});

/** As the API is told of it. */
function described({ fields, uniqueBy }: Dataset): unknown {
  const entries = Object.entries(fields).map(([id, { timeUnit, currencyCode, ...field }]) => [
    id,
    { ...field, time_unit: timeUnit, currency_code: currencyCode },
  ]);
  return JSON.parse(
    JSON.stringify({ fields: Object.fromEntries(entries) as unknown, unique_by: uniqueBy }),
  ) as unknown;
}

function raw(url: string, method: string, path: string, body: unknown): Promise<Response> {
  const authorization = `Basic ${Buffer.from(`${KEY}:`).toString('base64')}`;
  const headers = { authorization, 'content-type': 'application/json' };
  return fetch(new URL(path, url), { method, headers, body: JSON.stringify(body) });
}
