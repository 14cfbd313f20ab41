/**
 * The port of `createOnce`: where claims and recorded results are kept. A record is absent, claimed until its lease
 * runs out, released, or done until its retention ends; every change of it is one atomic compare-and-swap.
 *
 * A driver stores the recorded text as it is given, and knows nothing of effects, JSON, timers and retries.
 */

/** What a claim asks for. */
export interface ClaimRequest {
  /** Who claims: unique for each call of `once`. The same owner asking again (its reply was lost) is given its claim. */
  readonly owner: string;
  /** How long the claim holds without a renewal. */
  readonly leaseMs: number;
  /** How long a recorded result is kept, from its commit; and a claim that nobody took over, from the end of its lease. */
  readonly retentionMs: number;
}

/** What became of a claim. */
export type ClaimAnswer =
  | { readonly state: 'held'; readonly claim: HeldClaim }
  /** Another owner's lease runs for `busyForMs` more, by the store's clock. */
  | { readonly state: 'busy'; readonly busyForMs: number }
  /** The text that was committed. */
  | { readonly state: 'done'; readonly record: string };

/**
 * A claim in the hands of its owner. Calls come one after the other. Each can be repeated when its reply was lost, and
 * changes nothing once another owner has taken over: it answers `false` then. A claim whose lease ran out and that
 * nobody took over is still good.
 */
export interface HeldClaim {
  /** From 1; one more than that of the claim before, as long as the store remembers it. */
  readonly fence: number;
  /** Makes the lease end `leaseMs` from now. `false`: taken over, released or done. */
  renew(leaseMs: number): Promise<boolean>;
  /** Records the result. `false`: taken over or released; nothing was recorded. */
  commit(record: string): Promise<boolean>;
  /** Lets others claim at once. Changes nothing when taken over or done. */
  release(): Promise<void>;
}

/**
 * A store of claims. Errors: `once_unavailable` or its own retryable code when it does not answer, `once_corrupt` when
 * a record is not one.
 */
export interface OnceStore {
  /**
   * Claims a key (1 to 1,024 bytes of any text): of any number of concurrent owners one is given it. Expired results
   * and leases that ran out count as absent.
   */
  claim(key: string, request: ClaimRequest): Promise<ClaimAnswer>;
}
