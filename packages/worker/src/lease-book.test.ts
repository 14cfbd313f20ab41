import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leaseBook } from './lease-book.ts';
import { leaseTable, leaseTableReader, type LeaseToken } from './lease-table.ts';

const lease = (handle: string) => ({ messageId: handle, handle, receivedAtMs: 0 });

function open(leaseMs: number) {
  const table = leaseTable(4);
  const hold = (handle: string, untilMs: number, ceilingMs = Number.POSITIVE_INFINITY): LeaseToken =>
    table.hold({ lease: lease(handle), untilMs, ceilingMs }) ?? Number.NaN;
  return { table, hold, book: leaseBook(leaseTableReader(table.memory), leaseMs) };
}

describe('leaseBook', () => {
  it('asks for an extension once a third of the lease has passed', () => {
    const { hold, book } = open(30_000);
    const token = hold('a', 30_000);
    expect(book.due(9_999).extend).toEqual([]);
    expect(book.due(10_000).extend).toEqual([{ token, lease: lease('a') }]);
    expect(book.due(10_000).firstEndMs).toBe(30_000);
    book.extended(token, 40_000);
    expect(book.due(10_000)).toEqual({ extend: [], lost: [], firstEndMs: 40_000 });
    expect(book.due(20_000).extend).toHaveLength(1);
  });

  it('reports a lease that ran out as lost, once, and does not extend it again', () => {
    const { hold, book } = open(1_000);
    const token = hold('a', 1_000);
    expect(book.due(1_000)).toMatchObject({ extend: [], lost: [token] });
    expect(book.due(1_000)).toEqual({ extend: [], lost: [], firstEndMs: Number.POSITIVE_INFINITY });
  });

  it('does not extend a lease that the queue calls lost', () => {
    const { hold, book } = open(1_000);
    book.lost(hold('a', 1_000));
    expect(book.due(500)).toEqual({ extend: [], lost: [], firstEndMs: Number.POSITIVE_INFINITY });
  });

  it('forgets what was dropped, also when its record holds another lease now', () => {
    const { table, hold, book } = open(1_000);
    const first = hold('a', 1_000);
    book.extended(first, 9_000);
    table.drop(first);
    const second = hold('b', 1_000);
    expect(second).not.toBe(first);
    expect(book.due(900).extend).toEqual([{ token: second, lease: lease('b') }]);
  });

  it('never extends beyond the ceiling, and follows the ceiling of a started job', () => {
    const { table, hold, book } = open(1_000);
    const token = hold('a', 1_000, 1_500);
    expect(book.due(900).extend).toEqual([]);
    table.setCeiling(token, 10_000);
    expect(book.due(900).extend).toHaveLength(1);
  });

  it('keeps every lease that is looked after at least three times per lease, whatever the moments', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 333 }), { minLength: 1, maxLength: 200 }), (steps) => {
        const { hold, book } = open(1_000);
        const token = hold('a', 1_000);
        let nowMs = 0;
        for (const step of steps) {
          nowMs += step;
          const { extend, lost } = book.due(nowMs);
          expect(lost).toEqual([]);
          if (extend.length > 0) book.extended(token, nowMs + 1_000);
        }
      }),
    );
  });
});
