/**
 * Runs events one by one with all promise reactions between them: Node.js drains microtasks after every immediate. A
 * few immediates are always queued, so that many events share one round of the event loop.
 */

const QUEUED = 32;

/** Calls `step` until it answers `false`. Rejects with what it throws. */
export function turnEvents(step: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    let isOver = false;
    const turn = (): void => {
      if (isOver) return;
      try {
        isOver = !step();
      } catch (error) {
        isOver = true;
        reject(error);
      }
      if (isOver) resolve();
      else setImmediate(turn);
    };
    for (let index = 0; index < QUEUED; index += 1) setImmediate(turn);
  });
}
