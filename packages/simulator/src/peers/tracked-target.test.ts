import { describe, expect, it } from 'vitest';
import { trackedTarget, type TrackedTargetOptions } from './tracked-target.ts';

/** The minutes in which the count changes, and the counts, where the metric reads the values one a minute. */
function changesAt(
  values: readonly (number | undefined)[],
  tasks: number,
  options: Partial<TrackedTargetOptions> = {},
): [number, number][] {
  const limits = { outSeconds: 300, inSeconds: 300, minTasks: 1, maxTasks: 100 };
  const track = trackedTarget({ ...limits, target: 10, scaleIn: 'gradual', ...options });
  const found: [number, number][] = [];
  let desired = tasks;
  for (const [minute, value] of values.entries()) {
    const count = track({ nowSeconds: minute * 60, desired, value });
    if (count === undefined) continue;
    desired = count;
    found.push([minute, count]);
  }
  return found;
}

const repeat = <Value>(times: number, value: Value): Value[] => Array.from({ length: times }, () => value);

describe('trackedTarget', () => {
  it('goes out in proportion, at the third point above the target', () => {
    expect(changesAt([25, 25, 25], 4)).toEqual([[2, 10]]);
    expect(changesAt([11, 11, 11], 4)).toEqual([[2, 5]]);
  });

  it('does nothing at the target, nor before three points in a row', () => {
    expect(changesAt(repeat(30, 10), 4)).toEqual([]);
    expect(changesAt([25, 25, 9.5, 25, 25, 9.5], 4)).toEqual([]);
  });

  it('goes out again after the cooldown, and during it only for a larger need', () => {
    expect(changesAt(repeat(9, 20), 4)).toEqual([
      [2, 8],
      [7, 16],
    ]);
    expect(changesAt([20, 20, 20, 30, 30], 4)).toEqual([
      [2, 8],
      [3, 12],
    ]);
  });

  it('goes in at the fifteenth point below 90 % of the target, by a fifth at most', () => {
    expect(changesAt(repeat(14, 2), 20)).toEqual([]);
    expect(changesAt(repeat(26, 2), 20)).toEqual([
      [14, 16],
      [19, 13],
      [24, 11],
    ]);
    expect(changesAt(repeat(60, 9), 20)).toEqual([]);
  });

  it('goes in no further than the metric asks for, and by one where a fifth is less', () => {
    expect(changesAt(repeat(15, 8.9), 20)).toEqual([[14, 18]]);
    expect(changesAt(repeat(15, 0), 3)).toEqual([[14, 2]]);
    expect(changesAt(repeat(40, 0), 1)).toEqual([]);
  });

  it('goes in at once when told to be proportional', () => {
    expect(changesAt(repeat(15, 2), 20, { scaleIn: 'proportional' })).toEqual([[14, 4]]);
  });

  it('does not go in on missing points, and a gap starts the count anew', () => {
    expect(changesAt(repeat(40, undefined), 20)).toEqual([]);
    expect(changesAt([...repeat(14, 0), undefined, ...repeat(14, 0)], 20)).toEqual([]);
    expect(changesAt([25, 25, undefined, 25, 25], 4)).toEqual([]);
  });
});
