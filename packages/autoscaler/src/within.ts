/** A call with an end: what a hanging network call must not do to a control loop. */
import { LongshoreError, type Clock } from '@longshore/job';

/**
 * The call's result, or `timed_out` (retryable) after `limitMs`. The call itself runs on; its late result is dropped.
 * A synchronous throw rejects.
 */
export async function within<Result>(
  limitMs: number,
  clock: Clock,
  call: () => Promise<Result>,
): Promise<Result> {
  const { promise: expired, reject } = Promise.withResolvers<never>();
  const timer = clock.after(limitMs, () => {
    reject(new LongshoreError('timed_out', `No answer within ${limitMs} ms`, { retryable: true }));
  });
  try {
    return await Promise.race([call(), expired]);
  } finally {
    timer.cancel();
  }
}
