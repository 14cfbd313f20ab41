import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leaseBook } from './lease-book.ts';

const lease = (handle: string) => ({ messageId: handle, handle, receivedAtMs: 0 });

describe('leaseBook', () => {
  it('asks for an extension once a third of the lease has passed', () => {
    const book = leaseBook(30_000);
    book.hold({ lease: lease('a'), untilMs: 30_000, ceilingMs: 1e9 });
    expect(book.due(9_999).extend).toEqual([]);
    expect(book.due(10_000).extend).toHaveLength(1);
    book.extended('a', 40_000);
    expect(book.due(10_000).extend).toEqual([]);
    expect(book.due(20_000).extend).toHaveLength(1);
  });

  it('reports a lease that ran out as lost, once', () => {
    const book = leaseBook(1_000);
    book.hold({ lease: lease('a'), untilMs: 1_000, ceilingMs: 1e9 });
    expect(book.due(1_000).lost).toHaveLength(1);
    expect(book.due(1_000).lost).toEqual([]);
    expect(book.size).toBe(0);
  });

  it('never extends beyond the ceiling, and follows the ceiling of a started job', () => {
    const book = leaseBook(1_000);
    book.hold({ lease: lease('a'), untilMs: 1_000, ceilingMs: 1_500 });
    expect(book.due(900).extend).toEqual([]);
    book.setCeiling('a', 10_000);
    expect(book.due(900).extend).toHaveLength(1);
  });

  it('keeps every lease that is looked after at least three times per lease, whatever the moments', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 333 }), { minLength: 1, maxLength: 200 }), (steps) => {
        const book = leaseBook(1_000);
        book.hold({ lease: lease('a'), untilMs: 1_000, ceilingMs: Number.POSITIVE_INFINITY });
        let nowMs = 0;
        for (const step of steps) {
          nowMs += step;
          const { extend, lost } = book.due(nowMs);
          expect(lost).toEqual([]);
          if (extend.length > 0) book.extended('a', nowMs + 1_000);
        }
      }),
    );
  });
});
