/**
 * How long tasks take to start, as far as counts tell: each rise of the pending count is a start, each rise of the running
 * count the end of the oldest one. As coarse as the ticks; workers that report their own start know better.
 */

/** Counts at a moment. */
export interface StartCounts {
  readonly running: number;
  readonly pending: number;
  readonly atMs: number;
}

const STARTUPS_KEPT = 8;

/** Start-up times of one service's tasks. */
export class StartupTimes {
  #last: StartCounts | undefined;
  #startsMs: number[] = [];
  readonly #startupsMs: number[] = [];

  observe(counts: StartCounts): void {
    const last = this.#last;
    this.#last = counts;
    // Tasks that were pending already have started at an unknown time.
    if (last === undefined) return;
    const came = Math.max(0, counts.running - last.running);
    const begun = Math.max(0, counts.pending - last.pending + came);
    this.#startsMs.push(...Array.from({ length: begun }, () => last.atMs));
    for (const startMs of this.#startsMs.splice(0, came)) this.#startupsMs.push(counts.atMs - startMs);
    this.#startupsMs.splice(0, this.#startupsMs.length - STARTUPS_KEPT);
    // Starts that were given up leave without having run.
    this.#startsMs.splice(0, Math.max(0, this.#startsMs.length - counts.pending));
  }

  /** The longest of the last few; `undefined` before one was seen. */
  get startupMs(): number | undefined {
    return this.#startupsMs.length === 0 ? undefined : Math.max(...this.#startupsMs);
  }
}
