import { describe, expect, it } from 'vitest';
import { scalingCooldown } from './scaling-cooldown.ts';

const start = () => scalingCooldown({ outSeconds: 300, inSeconds: 300, minTasks: 1, maxTasks: 20 });
const plus = (change: number) => (capacity: number) => capacity + change;

describe('scalingCooldown', () => {
  it('adds during the cooldown only what a larger step asks beyond the first, as in the reference’s example', () => {
    const { scaleOut } = start();
    expect(scaleOut({ nowSeconds: 0, desired: 10, wanted: plus(2) })).toBe(12);
    expect(scaleOut({ nowSeconds: 60, desired: 12, wanted: plus(2) })).toBeUndefined();
    expect(scaleOut({ nowSeconds: 120, desired: 12, wanted: plus(3) })).toBe(13);
    expect(scaleOut({ nowSeconds: 180, desired: 13, wanted: plus(3) })).toBeUndefined();
    expect(scaleOut({ nowSeconds: 300, desired: 13, wanted: plus(3) })).toBe(16);
  });

  it('goes in once per cooldown', () => {
    const { scaleIn } = start();
    const seconds = [0, 60, 240, 300, 360];
    expect(seconds.map((nowSeconds) => scaleIn({ nowSeconds, desired: 10, wanted: plus(-1) }))).toEqual([
      9,
      undefined,
      undefined,
      9,
      undefined,
    ]);
  });

  it('goes out during the cooldown for going in, and ends it', () => {
    const { scaleOut, scaleIn } = start();
    expect(scaleIn({ nowSeconds: 0, desired: 10, wanted: plus(-1) })).toBe(9);
    expect(scaleOut({ nowSeconds: 60, desired: 9, wanted: plus(1) })).toBe(10);
    expect(scaleIn({ nowSeconds: 120, desired: 10, wanted: plus(-1) })).toBe(9);
  });

  it('stays within its limits, where nothing happens and no cooldown starts', () => {
    const { scaleOut, scaleIn } = start();
    expect(scaleOut({ nowSeconds: 0, desired: 19, wanted: plus(5) })).toBe(20);
    expect(scaleOut({ nowSeconds: 600, desired: 20, wanted: plus(5) })).toBeUndefined();
    expect(scaleOut({ nowSeconds: 660, desired: 10, wanted: plus(1) })).toBe(11);
    expect(scaleIn({ nowSeconds: 720, desired: 1, wanted: plus(-1) })).toBeUndefined();
    expect(scaleIn({ nowSeconds: 780, desired: 2, wanted: plus(-5) })).toBe(1);
  });
});
