/** Ctrl-C and SIGTERM as an abort signal, for commands that have something to finish or to close first. */
import { EXIT_INTERRUPTED } from './exit-code.ts';

/** A listener for interruption. Dispose it when the command is over. */
export interface Interruption extends Disposable {
  /** Aborts at the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
}

/** Listens. A second Ctrl-C ends the process at once, whatever it does. */
export function listenForInterruption(): Interruption {
  const controller = new AbortController();
  const listener = (): void => {
    if (controller.signal.aborted) process.exit(EXIT_INTERRUPTED);
    controller.abort();
  };
  process.on('SIGINT', listener);
  process.on('SIGTERM', listener);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      process.off('SIGINT', listener);
      process.off('SIGTERM', listener);
    },
  };
}
