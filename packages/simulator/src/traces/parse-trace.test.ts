import { describe, expect, it } from 'vitest';
import { parseTrace } from './parse-trace.ts';

const csv = (...rows: readonly string[]): string => ['timestamp,count', ...rows, ''].join('\n');

describe('parseTrace', () => {
  it('reads ISO 8601 timestamps, with or without a zone, fractions of counts, CRLF and a byte order mark', () => {
    const text = `\uFEFF${csv('2026-01-05T02:00:00+02:00,3', '2026-01-05T00:05Z,0.5', '2026-01-05 00:10:00,7')}`;
    expect(parseTrace(text.replaceAll('\n', '\r\n'), 'mixed')).toEqual({
      name: 'mixed',
      bucketSeconds: 300,
      counts: Float64Array.of(3, 0.5, 7),
      startMs: Date.UTC(2026, 0, 5),
    });
  });

  it('reads seconds since 1970', () => {
    const { startMs, bucketSeconds, counts } = parseTrace(csv('1000,1', '1010,2'), 'epoch');
    expect({ startMs, bucketSeconds, counts }).toEqual({
      startMs: 1_000_000,
      bucketSeconds: 10,
      counts: Float64Array.of(1, 2),
    });
  });

  it('takes the most frequent step as the bucket and leaves gaps empty', () => {
    const { bucketSeconds, counts } = parseTrace(
      csv('0,1', '60,2', '120,3', '420,4', '480,5', '600,6'),
      'gaps',
    );
    expect(bucketSeconds).toBe(60);
    expect([...counts]).toEqual([1, 2, 3, 0, 0, 0, 0, 4, 5, 0, 6]);
  });

  it('takes the shorter of two equally frequent steps', () => {
    expect(parseTrace(csv('0,1', '120,2', '180,3'), 'tie').bucketSeconds).toBe(60);
    expect(parseTrace(csv('0,1', '60,2', '180,3'), 'tie').bucketSeconds).toBe(60);
  });

  it.each([
    ['no header', '0,1\n10,2', 'line 1: the header is "0,1"'],
    ['an empty text', '', 'line 1: the header is ""'],
    ['another header', 'time,count\n0,1\n10,2', 'it must be "timestamp,count"'],
    ['one row', csv('0,1'), 'it has 1 rows: at least 2'],
    ['no rows', csv(), 'it has 0 rows'],
    ['a word for a count', csv('0,1', '10,many'), 'line 3: the count "many" is no number'],
    ['an empty count', csv('0,', '10,1'), 'line 2: the count "" is no number'],
    ['a count that is not finite', csv('0,1', '10,Infinity'), 'line 3: the count "Infinity" is no number'],
    ['hexadecimal', csv('0,0x10', '10,1'), 'line 2: the count "0x10" is no number'],
    ['a negative count', csv('0,1', '10,1', '20,-4'), 'line 4: the count "-4" is negative'],
    ['a missing column', csv('0,1', '10'), 'line 3: "10" has 1 columns'],
    ['a further column', csv('0,1', '10,2,3'), 'line 3: "10,2,3" has 3 columns'],
    ['a blank line between rows', csv('0,1', '', '10,2'), 'line 3: "" has 1 columns'],
    ['a repeated timestamp', csv('0,1', '10,2', '10,3'), 'line 4: the timestamp is that of the row before'],
    [
      'descending timestamps',
      csv('0,1', '10,2', '5,3'),
      'line 4: the timestamp is before that of the row before',
    ],
    [
      '30 February',
      csv('2026-02-28T00:00Z,1', '2026-02-30T00:00Z,1'),
      'line 3: "2026-02-30T00:00Z" is no timestamp',
    ],
    [
      '25 o’clock',
      csv('2026-02-28T25:00Z,1', '2026-03-01T00:00Z,1'),
      'line 2: "2026-02-28T25:00Z" is no timestamp',
    ],
    ['milliseconds', csv('1767571200000,1', '1767571210000,1'), 'line 2: "1767571200000" is no timestamp'],
    [
      'a row between two buckets',
      csv('0,1', '10,1', '20,1', '27,1'),
      'line 5: the timestamp lies between two buckets of 10 s',
    ],
    ['buckets of part of a second', csv('0,1', '0.5,1'), 'its rows are 500 ms apart'],
    ['a gap of a century', csv('0,1', '1,1', '2,1', '3155760000,1'), 'it spans 3155760001 buckets of 1 s'],
  ])('refuses %s', (_what, text, message) => {
    expect(() => parseTrace(text, 'bad')).toThrow(
      expect.objectContaining({
        code: 'invalid_options',
        message: expect.stringContaining(message) as string,
      }),
    );
    expect(() => parseTrace(text, 'bad')).toThrow('Cannot read trace "bad"');
  });
});
