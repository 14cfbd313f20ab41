import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { leaseTable, leaseTableReader, type LeaseToken } from './lease-table.ts';

const held = (handle: string) => ({
  lease: { messageId: 'm-é', handle, receivedAtMs: 1.5 },
  untilMs: 2.5,
  ceilingMs: Number.POSITIVE_INFINITY,
});

const read = (table: ReturnType<typeof leaseTable>) =>
  [...leaseTableReader(table.memory).entries()].map(({ token, untilMs, ceilingMs, readLease }) => ({
    token,
    untilMs,
    ceilingMs,
    lease: readLease(),
  }));

describe('leaseTable', () => {
  it('hands leases over as they were held, in any characters', () => {
    const table = leaseTable(3);
    const token = table.hold(held('é日'.repeat(100)));
    expect(read(table)).toEqual([{ token, ...held('é日'.repeat(100)) }]);
  });

  it('takes no more than its capacity, and none whose handle is too long', () => {
    const table = leaseTable(1);
    expect(table.hold(held('x'.repeat(1_025)))).toBeUndefined();
    expect(table.hold(held('x'.repeat(1_024)))).toBeTypeOf('number');
    expect(table.hold(held('b'))).toBeUndefined();
  });

  it('holds what was held and not dropped, whatever comes in between; a token is good for one lease', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 9 }), { maxLength: 60 }), (steps) => {
        const table = leaseTable(4);
        const model = new Map<LeaseToken, string>();
        const dropped: LeaseToken[] = [];
        const full: boolean[] = [];
        for (const [number, step] of steps.entries()) {
          const oldest = [...model.keys()][0];
          if (step < 5) {
            const token = table.hold(held(String(number)));
            full.push((token === undefined) === (model.size === 4));
            if (token !== undefined) model.set(token, String(number));
          } else if (step < 8 && oldest !== undefined) {
            table.drop(oldest);
            model.delete(oldest);
            dropped.push(oldest);
          } else {
            for (const token of dropped) {
              table.drop(token);
              table.setCeiling(token, 7);
            }
          }
        }
        expect(full).not.toContain(false);
        expect(new Map(read(table).map(({ token, lease }) => [token, lease?.handle]))).toEqual(model);
        expect(read(table).every(({ ceilingMs }) => ceilingMs === Number.POSITIVE_INFINITY)).toBe(true);
      }),
    );
  });

  it('shows no torn record to a thread that reads while it is written', async () => {
    const table = leaseTable(2);
    const reader = new Worker(new URL('./fixtures/read-table.ts', import.meta.url), {
      workerData: table.memory,
    });
    await once(reader, 'message');
    for (let number = 0; number < 200_000; number += 1) {
      const handle = String(number);
      const token = table.hold({
        lease: { messageId: handle, handle: handle.repeat(20), receivedAtMs: number },
        untilMs: number,
        ceilingMs: number,
      });
      table.drop(token ?? -1);
    }
    reader.postMessage('stop');
    const [result] = (await once(reader, 'message')) as [{ seen: number; torn: number }];
    expect(result.torn).toBe(0);
    expect(result.seen).toBeGreaterThan(0);
  });
});
