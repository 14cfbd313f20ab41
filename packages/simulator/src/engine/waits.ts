/** Waits in the queue, counted in bins: tenths of a second up to ten minutes, then of one percent each. */

const FINE_SECONDS = 600;
const FINE_PER_SECOND = 10;
const FINE = FINE_SECONDS * FINE_PER_SECOND;
const COARSE = 800;
const GROWTH = Math.log(1.01);

/** A histogram of waits. */
export class Waits {
  readonly #counts = new Float64Array(FINE + COARSE);
  #total = 0;
  #max = 0;

  get count(): number {
    return this.#total;
  }

  get maxSeconds(): number {
    return this.#max;
  }

  add(seconds: number): void {
    const bin =
      seconds < FINE_SECONDS
        ? Math.floor(seconds * FINE_PER_SECOND)
        : Math.min(FINE + COARSE - 1, FINE + Math.floor(Math.log(seconds / FINE_SECONDS) / GROWTH));
    this.#counts[bin] = (this.#counts[bin] ?? 0) + 1;
    this.#total += 1;
    if (seconds > this.#max) this.#max = seconds;
  }

  /** The wait that this share of jobs stays under, to the width of a bin; 0 without jobs. */
  quantile(share: number): number {
    let left = share * this.#total;
    for (let bin = 0; bin < this.#counts.length; bin += 1) {
      left -= this.#counts[bin] ?? 0;
      if (left <= 0)
        return bin < FINE ? bin / FINE_PER_SECOND : FINE_SECONDS * Math.exp(GROWTH * (bin - FINE));
    }
    return this.#max;
  }
}
