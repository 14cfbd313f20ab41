/**
 * Lets suspects run alone: jobs that were running when an earlier worker died. While one waits, nothing new is started;
 * when the last other job has ended, it runs, and whatever it does to the process it does to itself only.
 */

/** One at a time, and nobody beside. */
export interface Solitude {
  /** Whether somebody waits or runs alone: start nothing else. */
  readonly isWanted: boolean;
  /** Resolves `true` when the caller is alone, `false` when all who wait are sent away. End it with `leave`. */
  enter(): Promise<boolean>;
  leave(): void;
  /** Tells how many jobs are in slots now, those that wait here among them. */
  changed(busy: number): void;
  /** Sends all who wait away. */
  dismiss(): void;
}

/** Nobody is alone. */
export function solitude(): Solitude {
  const waiting: ((alone: boolean) => void)[] = [];
  let isOccupied = false;
  let busy = 0;
  const admitNext = (): void => {
    // All who are in slots wait here: nobody else runs.
    if (isOccupied || waiting.length === 0 || busy > waiting.length) return;
    isOccupied = true;
    waiting.shift()?.(true);
  };
  return {
    get isWanted() {
      return isOccupied || waiting.length > 0;
    },
    enter: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        admitNext();
      }),
    leave() {
      isOccupied = false;
    },
    changed(now) {
      busy = now;
      admitNext();
    },
    dismiss() {
      for (const send of waiting.splice(0)) send(false);
    },
  };
}
