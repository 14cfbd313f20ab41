import { describe, expect, it } from 'vitest';
import { changes, drivePolicy } from './fixtures/drive-policy.ts';
import { targetTracking } from './target-tracking.ts';

const policy = targetTracking({ name: 'target-tracking' });

describe('targetTracking', () => {
  it('aims at the acceptable latency over a task’s time for a message: 60 s over 0.4 s, 150 messages a task', () => {
    // 10 tasks, 1,500 messages: at the target. One more, and the third point adds.
    const at = (visible: number) =>
      changes(drivePolicy(policy, { tasks: 10, untilSeconds: 240, view: () => ({ visible }) }), 10);
    expect(at(1500)).toEqual([]);
    expect(at(1501)).toEqual([[180, 11]]);
    expect(at(4500)).toEqual([[180, 30]]);
  });

  it('divides a minute’s messages by the tasks that ran in that minute', () => {
    const counts = drivePolicy(policy, {
      tasks: 10,
      untilSeconds: 240,
      // Tasks halve when the point of their minute, a minute late, still shows what ten left.
      view: (now) => ({ visible: now <= 180 ? 1400 : 700, running: now < 180 ? 10 : 5 }),
    });
    expect(changes(counts, 10)).toEqual([]);
  });

  it('counts running tasks only, so that starting ones raise what it asks for', () => {
    const counts = drivePolicy(policy, {
      tasks: 10,
      untilSeconds: 180,
      view: () => ({ visible: 3000, running: 5, starting: 5 }),
    });
    expect(changes(counts, 10)).toEqual([[180, 40]]);
  });

  it('reads a fleet that keeps up as too large, until one task is left', () => {
    const counts = drivePolicy(policy, {
      tasks: 20,
      untilSeconds: 4 * 3600,
      view: () => ({ visible: 0, inFlight: 180 }),
    });
    expect(changes(counts, 20)[0]).toEqual([900, 16]);
    expect(counts.get(4 * 3600)).toBe(1);
  });

  it('never leaves 0 by its metric, and so keeps one task', () => {
    const blind = drivePolicy(policy, {
      tasks: 1,
      untilSeconds: 3600,
      view: () => ({ visible: 1e6, running: 0 }),
    });
    expect(changes(blind, 1)).toEqual([]);
    expect(drivePolicy(policy, { untilSeconds: 0, view: () => ({}) }).get(0)).toBe(1);
  });
});
