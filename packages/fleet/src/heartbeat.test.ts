import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseHeartbeat, parseHeartbeatText, type WorkerHeartbeat } from './heartbeat.ts';

const heartbeat = {
  type: 'longshore:heartbeat',
  worker: '5f0c',
  service: 'mail',
  state: 'running',
  slots: 4,
  busy: 2,
  completed: 10,
  failed: 1,
  buried: 0,
  jobs: [],
  isProtected: false,
  startedAtMs: 1_000,
  sequence: 1,
  atMs: 2_000,
} as const satisfies WorkerHeartbeat;
const job = { job: 'greet', finished: 3, meanServiceMs: 12, p95ServiceMs: 20 };
const whole = {
  ...heartbeat,
  host: 'ip-10-0-0-1',
  taskArn: 'arn:aws:ecs:eu-west-3:1:task/fleet/2f',
  revision: 'mail:7',
  meanServiceMs: 12.5,
  oldestWaitMs: 0,
  jobs: [job, { ...job, oldestWaitMs: 7 }],
  startupMs: 900,
  rssBytes: 90_000_000,
};

describe('parseHeartbeat', () => {
  it.each([
    heartbeat,
    whole,
    { ...heartbeat, state: 'stopped', busy: 0 },
    { ...heartbeat, state: 'paused', busy: 1 },
  ])('reads %o', (message) => {
    expect(parseHeartbeat(message)).toEqual({ kind: 'heartbeat', value: message });
  });

  it('drops what it does not know and what is undefined', () => {
    const message = { ...heartbeat, meanServiceMs: undefined, memoryMiB: 90, jobs: [] };
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
    [{ worker: '' }, 'worker is ""'],
    [{ worker: 'x'.repeat(65) }, `worker is "${'x'.repeat(40)}"`],
    [{ service: undefined, sequence: 0 }, 'service is undefined; sequence is 0'],
    [{ isProtected: 'yes' }, 'isProtected is "yes"'],
    [{ jobs: 'none' }, 'jobs is "none"'],
    [{ jobs: [job, 7] }, 'jobs[1] is no object'],
    [
      { jobs: [{ ...job, finished: -1, p95ServiceMs: null }] },
      'jobs[0].finished is -1; jobs[0].p95ServiceMs is null',
    ],
    [{ jobs: Array.from({ length: 51 }, () => job) }, 'jobs has 51 entries of at most 50'],
    [{ rssBytes: 0.5, startupMs: -1 }, 'startupMs is -1; rssBytes is 0.5'],
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

  it('reads text of the same shape, and doubts the text too', () => {
    expect(parseHeartbeatText(JSON.stringify(whole))).toEqual({ kind: 'heartbeat', value: whole });
    expect(parseHeartbeatText('{}')).toEqual({ kind: 'other' });
    for (const text of ['{', 'x'.repeat(40_000), JSON.stringify(heartbeat).replace('"jobs"', '"__proto__"')])
      expect(parseHeartbeatText(text).kind).toBe('fault');
  });
});
