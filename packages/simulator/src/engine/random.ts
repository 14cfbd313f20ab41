/** Small seeded randomness of the engine: as fast as a simulation of millions of jobs needs, the same on every machine. */

/** Draws of one stream. */
export interface EngineRandom {
  /** 0 to below 1. */
  uniform(): number;
  /** Whole number, 0 to below `below`. */
  whole(below: number): number;
  /** Standard normal. */
  normal(): number;
}

/** Mixes a whole number into 32 well-spread bits (the finaliser of MurmurHash3). */
export function mixed(value: number): number {
  let bits = value | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) >>> 0;
}

/** A stream (mulberry32). */
export function engineRandom(seed: number): EngineRandom {
  let state = mixed(seed);
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    uniform,
    whole: (below) => Math.floor(uniform() * below),
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
  };
}
