import { describe, expect, it } from 'vitest';
import { changes, drivePolicy } from './fixtures/drive-policy.ts';
import { keda } from './keda.ts';

const base = keda({ name: 'keda' });

describe('keda', () => {
  it.each([
    { visible: 30, inFlight: 0, expected: 6 },
    { visible: 0, inFlight: 30, expected: 6 },
    { visible: 11, inFlight: 15, expected: 6 },
    { visible: 16, inFlight: 15, expected: 7 },
  ])(
    'wants a pod for each 5 messages: $expected at $visible + $inFlight',
    ({ visible, inFlight, expected }) => {
      const view = { visible, inFlight, delayed: 1000 };
      expect(drivePolicy(base, { tasks: 4, untilSeconds: 0, view: () => view }).get(0)).toBe(expected);
    },
  );

  it('wants a pod for each of the slots when tuned to them', () => {
    const tuned = keda({ name: 'keda-slots', queueLength: 'slots' });
    expect(drivePolicy(tuned, { tasks: 3, untilSeconds: 0, view: () => ({ visible: 55 }) }).get(0)).toBe(6);
  });

  it('wakes from 0 at the poll that sees a message, to one pod, and grows at the next sync', () => {
    const counts = drivePolicy(base, {
      untilSeconds: 75,
      view: (now) => ({ visible: now >= 35 ? 500 : 0 }),
    });
    // Polls at 0, 30, 60; the sync of second 60 already sees the pod: up to 4, then doubled.
    expect(changes(counts, 0)).toEqual([
      [60, 4],
      [75, 8],
    ]);
  });

  it('stays at 0 up to the activation length', () => {
    const lazy = keda({ name: 'lazy', activationQueueLength: 50 });
    const at = (visible: number) =>
      drivePolicy(lazy, { untilSeconds: 90, view: () => ({ visible }) }).get(90);
    expect(at(50)).toBe(0);
    expect(at(51)).toBeGreaterThan(0);
  });

  it('goes to 0 at the first poll that is more than 300 seconds after the last activity', () => {
    const counts = drivePolicy(base, {
      tasks: 1,
      untilSeconds: 600,
      view: (now) => ({ visible: now <= 120 ? 1 : 0 }),
    });
    expect(changes(counts, 1)).toEqual([[450, 0]]);
  });

  it('does not count a job in flight as idle', () => {
    const counts = drivePolicy(base, { tasks: 1, untilSeconds: 3600, view: () => ({ inFlight: 1 }) });
    expect(changes(counts, 1)).toEqual([]);
  });

  it('keeps the minimum that it is given', () => {
    const counts = drivePolicy(base, { setting: { minTasks: 2 }, untilSeconds: 900, view: () => ({}) });
    expect(changes(counts, 0)).toEqual([[0, 2]]);
  });

  it('holds 300 seconds before going down, or what its behavior says', () => {
    const view = (now: number) => ({ visible: now < 15 ? 50 : 10 });
    const held = drivePolicy(base, { tasks: 10, untilSeconds: 600, view });
    expect(changes(held, 10)).toEqual([[315, 2]]);
    const quick = keda({ name: 'quick', downWindowSeconds: 60 });
    expect(changes(drivePolicy(quick, { tasks: 10, untilSeconds: 600, view }), 10)).toEqual([[60, 2]]);
  });

  it('steps as often as its poll and its sync need', () => {
    expect(base.everySeconds).toBe(15);
    expect(keda({ name: 'fast', pollingSeconds: 10 }).everySeconds).toBe(5);
    expect(base).toMatchObject({ signal: 'queue', removal: { graceSeconds: 30 } });
    expect(keda({ name: 'patient', graceSeconds: 7200 }).removal).toEqual({ graceSeconds: 7200 });
  });

  it.each([
    [{ queueLength: 0 }, 'queueLength is 0'],
    [{ pollingSeconds: 0.5 }, 'pollingSeconds is 0.5'],
  ])('refuses %j', (options, message) => {
    expect(() => keda({ name: 'bad', ...options })).toThrow(`Cannot make peer "bad": ${message}`);
  });
});
