/**
 * One controller of several leads: the port that its leases satisfy, and the lease of a controller that is alone.
 *
 * A lease is time: a leader acts until `untilMs` of its own clock and no further without renewing. A term is a fencing
 * token: it rises with every new leader, and what a leader leaves behind carries it.
 */

/** Who leads. */
export interface Leadership {
  readonly isLeader: boolean;
  /** Of the leader, own or not. Rises strictly from leader to leader; 0 when there has been none. */
  readonly term: number;
  /** Until when a leader may act without asking again, on the clock of this machine. 0 for those that follow. */
  readonly untilMs: number;
}

/** A lease that one of several holders has at a time. */
export interface LeaderLease {
  /**
   * Takes the lease if it is free, keeps it if it is ours, else tells whose term it is. Call it about three times a lease.
   *
   * @throws LongshoreError `lease_unavailable` (retryable) when the store cannot be reached: a leader then leads until
   *   `untilMs` of its last answer.
   */
  renew(): Promise<Leadership>;
  /** Gives the lease up, so that another holder can take it at once. Nothing happens when it is not ours. */
  release(): Promise<void>;
}

/** Length of a lease unless said otherwise: how long a fleet stays unscaled when its controller dies. */
export const DEFAULT_LEASE_MS = 30_000;
/** Nobody acts in the last part of a lease: clocks run at different speeds, and a call takes time to arrive. */
export const LEASE_SAFETY_SHARE = 0.1;

/** The lease of a controller that has no competitors. */
export function soleLeader(): LeaderLease {
  return {
    renew: () => Promise.resolve({ isLeader: true, term: 1, untilMs: Infinity }),
    release: () => Promise.resolve(),
  };
}
