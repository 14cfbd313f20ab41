/**
 * Whether an attempt shall stop, and why. The `AbortSignal` is made only for handlers that look at it: most never do.
 */
import type { LongshoreError } from '@longshore/job';

/** Cancels one attempt. The first reason counts, unless the lease is lost later. */
export interface Cancellation {
  readonly signal: AbortSignal;
  /** Absent while nothing was cancelled. */
  readonly reason: LongshoreError | undefined;
  cancel(reason: LongshoreError): void;
}

/** A cancellation that has not happened. */
export function cancellation(): Cancellation {
  return new LazyCancellation();
}

class LazyCancellation implements Cancellation {
  #controller: AbortController | undefined;
  #reason: LongshoreError | undefined;

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    return this.#controller.signal;
  }

  get reason(): LongshoreError | undefined {
    return this.#reason;
  }

  cancel(reason: LongshoreError): void {
    // Losing the lease outweighs what came before: the result is void then.
    if (this.#reason !== undefined && reason.code !== 'lease_lost') return;
    this.#reason = reason;
    this.#controller?.abort(reason);
  }
}
