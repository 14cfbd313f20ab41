import { sqliteLedger } from '@longshore/ledger/sqlite';
import type { Ledger, ScalingRecord } from '@longshore/ledger';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decisionsOf, Follower } from './decision-pages.ts';

const decision = (atMs: number, service = 'mail', isChange = true): ScalingRecord => ({
  service,
  atMs,
  desired: 1,
  isChange,
  reason: 'because',
  record: {},
});
const names = (records: readonly ScalingRecord[]): string[] =>
  records.map(({ atMs, service }) => `${service}@${atMs}`);

let ledger: Ledger;
beforeEach(() => {
  ledger = sqliteLedger({ path: ':memory:' });
});
afterEach(() => ledger.close());

describe('decisions of a period', () => {
  it('come whole, across pages and where a page ends within a moment', async () => {
    // Two services a moment: the 10,000th record is the first of a pair.
    const records = [
      decision(1, 'only'),
      ...Array.from({ length: 12_000 }, (_, index) =>
        decision(10 + Math.floor(index / 2), index % 2 === 0 ? 'a' : 'b'),
      ),
    ];
    for (let at = 0; at < records.length; at += 1_000)
      await ledger.appendScaling(records.slice(at, at + 1_000));
    const found = await Array.fromAsync(
      decisionsOf(ledger, { fromMs: 0, toMs: 100_000, changesOnly: false }),
    );
    expect(names(found)).toEqual(names(records));
  });

  it('are those of a service, and changes alone where only these are wanted', async () => {
    await ledger.appendScaling([decision(1), decision(2, 'mail', false), decision(3, 'letters')]);
    const query = { service: 'mail', fromMs: 0, toMs: 10, changesOnly: true };
    expect(names(await Array.fromAsync(decisionsOf(ledger, query)))).toEqual(['mail@1']);
  });
});

describe('a follower', () => {
  it('gives each record once, late ones too', async () => {
    const follower = new Follower(ledger, { fromMs: 0, toMs: 0, changesOnly: false });
    await ledger.appendScaling([decision(100), decision(200)]);
    expect(names(await follower.next(300))).toEqual(['mail@100', 'mail@200']);
    expect(await follower.next(400)).toEqual([]);
    await ledger.appendScaling([decision(350), decision(150, 'letters')]);
    expect(names(await follower.next(500))).toEqual(['letters@150', 'mail@350']);
    await ledger.appendScaling([decision(1_000_000)]);
    expect(names(await follower.next(1_000_001))).toEqual(['mail@1000000']);
    expect(await follower.next(1_000_002)).toEqual([]);
  });

  it('gives nothing twice after a long silence', async () => {
    const follower = new Follower(ledger, { fromMs: 0, toMs: 0, changesOnly: false });
    await ledger.appendScaling([decision(100), decision(200)]);
    await follower.next(300);
    for (const nowMs of [200_000, 400_000, 10_000_000]) expect(await follower.next(nowMs)).toEqual([]);
  });
});
