import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseHeartbeat } from './heartbeat.ts';

const heartbeat = {
  type: 'longshore:heartbeat',
  state: 'running',
  slots: 4,
  busy: 2,
  completed: 10,
  failed: 1,
} as const;

describe('parseHeartbeat', () => {
  it.each([
    heartbeat,
    { ...heartbeat, buried: 3, meanServiceMs: 12.5, oldestWaitMs: 0 },
    { ...heartbeat, state: 'stopped', busy: 0 },
  ])('reads %o', (message) => {
    expect(parseHeartbeat(message)).toEqual({ kind: 'heartbeat', value: message });
  });

  it('drops what it does not know and what is undefined', () => {
    const message = { ...heartbeat, meanServiceMs: undefined, memoryMiB: 90 };
    expect(parseHeartbeat(message)).toEqual({ kind: 'heartbeat', value: heartbeat });
  });

  it.each([
    [{ state: 'busy' }, 'state is "busy"'],
    [{ state: undefined }, 'state is undefined'],
    [{ slots: 0, busy: 0 }, 'slots is 0'],
    [{ busy: 5 }, 'busy is 5 of 4 slots'],
    [{ busy: -1 }, 'busy is -1'],
    [{ completed: NaN }, 'completed is NaN'],
    [{ failed: '1' }, 'failed is "1"'],
    [{ buried: 1.5 }, 'buried is 1.5'],
    [{ meanServiceMs: Infinity }, 'meanServiceMs is Infinity'],
    [{ oldestWaitMs: null }, 'oldestWaitMs is null'],
    [{ slots: {}, busy: [] }, 'slots is a object; busy is a object'],
  ])('refuses %o', (change, reason) => {
    expect(parseHeartbeat({ ...heartbeat, ...change })).toEqual({ kind: 'fault', reason });
  });

  it('leaves messages of other kinds alone and never throws', () => {
    expect(parseHeartbeat({ type: 'other', state: 7 })).toEqual({ kind: 'other' });
    fc.assert(
      fc.property(fc.anything(), fc.anything(), (value, state) => {
        expect(['other', 'fault']).toContain(parseHeartbeat(value).kind);
        expect(['heartbeat', 'fault']).toContain(parseHeartbeat({ ...heartbeat, state }).kind);
      }),
    );
  });
});
