/**
 * Seeded randomness. Each part of a run rolls dice of its own, so that how often one part rolls changes nothing for
 * another: the tasks of a seed are always the same, and so is the fault of the n-th call of an action.
 */

/** Dice of one part of a run. */
export interface Dice {
  /** From 0 up to 1, 1 not included. */
  readonly roll: () => number;
  /** A whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number;
  pick<Item>(items: readonly [Item, ...Item[]]): Item;
  /** Dice for a part called `name`; the same for the same name. */
  fork(name: string): Dice;
}

/** Dice for a seed. */
export function diceOf(seed: number): Dice {
  let state = seed >>> 0;
  // mulberry32
  const roll = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const whole = (low: number, high: number): number => low + Math.floor(roll() * (high - low + 1));
  return {
    roll,
    whole,
    pick: (items) => items[whole(0, items.length - 1)] ?? items[0],
    fork: (name) => diceOf(hash(`${seed}/${name}`)),
  };
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 2_166_136_261;
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 16_777_619);
  return value >>> 0;
}
