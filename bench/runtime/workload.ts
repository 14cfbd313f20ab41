/** What all variants do alike: the payload, and how long a handler waits. */

/** The job of every variant. */
export const JOB_NAME = 'bench-task';

/** A payload that makes an envelope of about 256 bytes. */
export interface Payload {
  readonly customer: number;
  readonly document: string;
  readonly pages: number;
}

/** The payload of one job. */
export function samplePayload(index: number): Payload {
  return {
    customer: 100_000 + index,
    document: `inbox/2026/${String(index).padStart(6, '0')}/invoice.pdf`,
    pages: 3,
  };
}

/** How long handlers wait: not at all, or 20 ms and in one of ten cases 500 ms. */
export type HandlerKind = 'none' | 'mixed';

const SHORT_WAIT_MS: number = 20;
const LONG_WAIT_MS: number = 500;
/** Some batches of ten in a row: how many, and how many of them hold a long wait. A tenth of their waits is long. */
interface Stretch {
  readonly tens: number;
  readonly tensWithLong: number;
}

/**
 * The seed decides the order; the shares are those of pure chance, so that windows of some seconds agree: of twenty
 * batches thirteen hold a long wait (1 − 0.9^10 = 65 %), and any few batches in a row come close to that.
 */
const STRETCHES: readonly Stretch[] = [
  ...Array.from({ length: 6 }, () => ({ tens: 3, tensWithLong: 2 })),
  { tens: 2, tensWithLong: 1 },
];
const MAX_SHUFFLES = 1_000;

/** The waits of a variant, one call each: the same sequence for the same seed. */
export function waitsMs(kind: HandlerKind, seed: number): () => number {
  if (kind === 'none') return () => 0;
  const random = seededRandom(seed);
  let waits: number[] = [];
  let stretches: Stretch[] = [];
  return () => {
    if (waits.length === 0) {
      if (stretches.length === 0) stretches = shuffled(STRETCHES, random);
      waits = stretchWaits(stretches.pop() ?? { tens: 2, tensWithLong: 1 }, random);
    }
    return waits.pop() ?? SHORT_WAIT_MS;
  };
}

function stretchWaits({ tens, tensWithLong }: Stretch, random: () => number): number[] {
  const inOrder = Array.from({ length: tens * 10 }, (_, index) =>
    index < tens ? LONG_WAIT_MS : SHORT_WAIT_MS,
  );
  for (let shuffle = 0; shuffle < MAX_SHUFFLES; shuffle += 1) {
    const waits = shuffled(inOrder, random);
    const batches = Array.from({ length: tens }, (_, index) => waits.slice(index * 10, index * 10 + 10));
    if (batches.filter((batch) => batch.includes(LONG_WAIT_MS)).length === tensWithLong) return waits;
  }
  throw new Error('No shuffle had the expected shares');
}

function shuffled<Item>(items: readonly Item[], random: () => number): Item[] {
  return items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

/** Mulberry32: small, good enough for a shuffle, the same on every machine. */
function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
