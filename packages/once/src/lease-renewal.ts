/**
 * Keeps a claim while its effect runs: renews the lease at a third of it, and tells once when it is lost, or may be,
 * because the lease ran out without an answer of the store. Never runs two renewals at a time.
 */
import type { Clock, Timer } from '@longshore/job';
import type { HeldClaim } from './once-store.ts';

/** What a renewal needs. */
export interface LeaseRenewalOptions {
  readonly claim: HeldClaim;
  readonly leaseMs: number;
  /** When the lease ends that the claim was given. */
  readonly heldUntilMs: number;
  readonly clock: Clock;
  /** Called at most once; nothing is renewed after it. `cause` is what the store failed with, if it did. */
  readonly onLost: (cause: unknown) => void;
}

/** Two renewals may fail before the lease is in danger. */
const RENEWALS_PER_LEASE = 3;

/** Starts renewing. `stop` resolves when no renewal is under way any more. */
export function startLeaseRenewal(options: LeaseRenewalOptions): { stop(): Promise<void> } {
  const { claim, leaseMs, clock, onLost } = options;
  let { heldUntilMs } = options;
  let isStopped = false;
  let timer: Timer | undefined;
  let underWay: Promise<void> = Promise.resolve();

  const renew = async (): Promise<void> => {
    // The store counts from when it gets the request, so counting from before it is on the safe side.
    const askedAtMs = clock.nowMs();
    let isLost = false;
    let cause: unknown;
    try {
      isLost = !(await claim.renew(leaseMs));
      if (!isLost) heldUntilMs = askedAtMs + leaseMs;
    } catch (error) {
      cause = error;
      isLost = clock.nowMs() >= heldUntilMs;
    }
    if (isStopped) return;
    if (isLost) onLost(cause);
    else schedule();
  };
  const schedule = (): void => {
    timer = clock.after(leaseMs / RENEWALS_PER_LEASE, () => {
      underWay = renew();
    });
  };
  schedule();
  return {
    async stop() {
      isStopped = true;
      timer?.cancel();
      await underWay;
    },
  };
}
