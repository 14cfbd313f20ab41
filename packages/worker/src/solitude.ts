/**
 * Lets suspects run alone: jobs that were running when an earlier worker died. While one waits, nothing new is started;
 * when the last other job has ended, it runs, and whatever it does to the process it does to itself only.
 */

/** One at a time, and nobody beside. */
export interface Solitude {
  /** Whether somebody waits or runs alone: start nothing else. */
  readonly isWanted: boolean;
  /**
   * Resolves `true` when the caller is alone; end it with `leave`. Resolves `false` when it cannot be: another one is
   * alone or waits for it, or all are sent away.
   */
  enter(): Promise<boolean>;
  leave(): void;
  /** Tells how many jobs are in slots now, the one that waits here among them. */
  changed(busy: number): void;
  /** Sends away who waits. */
  dismiss(): void;
}

/** Nobody is alone. */
export function solitude(): Solitude {
  let waiting: ((alone: boolean) => void) | undefined;
  let isOccupied = false;
  let busy = 0;
  const answer = (alone: boolean): void => {
    const resolve = waiting;
    waiting = undefined;
    isOccupied ||= alone && resolve !== undefined;
    resolve?.(alone);
  };
  return {
    get isWanted() {
      return isOccupied || waiting !== undefined;
    },
    enter() {
      if (isOccupied || waiting !== undefined) return Promise.resolve(false);
      return new Promise((resolve) => {
        waiting = resolve;
        if (busy <= 1) answer(true);
      });
    },
    leave() {
      isOccupied = false;
    },
    changed(now) {
      busy = now;
      if (busy <= 1 && !isOccupied) answer(true);
    },
    dismiss: () => answer(false),
  };
}
