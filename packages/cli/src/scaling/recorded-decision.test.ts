import { describe, expect, it } from 'vitest';
import { recordedDecision } from './recorded-decision.ts';

const plain = { service: 'mail', atMs: 1_000, desired: 3, isChange: true, reason: 'mail 2 → 3: 9 waiting' };

describe('a recorded decision', () => {
  it('has its numbers, limits, events and pin', () => {
    const pin = { tasks: 3, untilMs: 2_000, by: 'ada' };
    const record = {
      inputs: {
        desiredBefore: 2,
        backlog: 9,
        isServiceMeasured: true,
        events: ['sale'],
        shortage: 'RESOURCE:CPU',
        pin,
      },
      limits: ['pinned', 'max'],
      mode: 'shadow',
    };
    expect(recordedDecision({ ...plain, record })).toEqual({
      ...plain,
      before: 2,
      mode: 'shadow',
      inputs: { desiredBefore: 2, backlog: 9 },
      isServiceMeasured: true,
      limits: ['pinned', 'max'],
      events: ['sale'],
      shortage: 'RESOURCE:CPU',
      pin,
    });
  });

  it.each([
    [undefined],
    [null],
    ['text'],
    [[]],
    [{ inputs: null, limits: 'max', mode: 7 }],
    [
      {
        inputs: {
          desiredBefore: '2',
          backlog: NaN,
          events: 'sale',
          pin: { tasks: 3, untilMs: 1e30, by: 'ada' },
        },
      },
    ],
  ])('of another shape keeps what the ledger itself knows: %j', (record) => {
    expect(recordedDecision({ ...plain, record })).toEqual({
      ...plain,
      before: undefined,
      mode: undefined,
      inputs: {},
      isServiceMeasured: false,
      limits: [],
      events: [],
      shortage: undefined,
      pin: undefined,
    });
  });
});
