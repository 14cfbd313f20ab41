/** Turns for tasks of which only so many may run at a time; they wait in order. */

/** See {@link turns}. */
export interface Turns {
  /** Runs the task when it is its turn. @throws the signal's reason when it aborts before that, and what the task throws */
  take<Value>(signal: AbortSignal, task: () => Promise<Value>): Promise<Value>;
}

/** Makes turns for `count` tasks at a time. */
export function turns(count: number): Turns {
  let free = count;
  const waiting: (() => void)[] = [];
  const give = (): void => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  };
  const get = (signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted();
    if (free > 0) {
      free -= 1;
      return Promise.resolve();
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const abort = (): void => {
      const place = waiting.indexOf(resolve);
      // Not waiting any more: the turn is ours already, and is given back by the task.
      if (place < 0) return;
      waiting.splice(place, 1);
      reject(signal.reason as Error);
    };
    waiting.push(resolve);
    signal.addEventListener('abort', abort, { once: true });
    return promise.finally(() => signal.removeEventListener('abort', abort));
  };
  return {
    async take(signal, task) {
      await get(signal);
      try {
        return await task();
      } finally {
        give();
      }
    },
  };
}
