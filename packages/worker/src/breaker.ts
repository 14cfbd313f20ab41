/**
 * A breaker for the whole worker: while a dependency is down it takes no jobs, so that no receives are burnt on jobs that
 * cannot succeed.
 *
 * closed → open, for a time that doubles from one opening to the next → half-open, one job at a time → closed. Opens when
 * handlers say that the dependency is down, or when nearly every job of the last half minute failed. The state machine is
 * pure; `breaker` adds the clock. Outcomes of jobs that began before the last change of state change nothing.
 */
import { LongshoreError, type Clock, type Outcome, type Timer } from '@longshore/job';

/** A share of more results than this says nothing more. */
const MAX_RESULTS = 200;

/** What a job's end says about the dependency. `neutral`: nothing, for instance because the job was given back. */
export type BreakerResult = 'ok' | 'failed' | 'down' | 'neutral';

/** When a breaker opens, and for how long. */
export interface BreakerPolicy {
  /** Jobs in a row, without a success between them, that say `dependency_down`. At least 1. Default 2: one may be wrong. */
  readonly downsToOpen: number;
  /** Share of failed jobs within the window that opens, over 0 to 1. Default 0.9: single bad jobs must not stop good ones. */
  readonly failureShare: number;
  /** Jobs that must have ended within the window before the share counts. At least 1. Default 20. */
  readonly minResults: number;
  /** Default 30,000 ms. */
  readonly windowMs: number;
  /** How long the first opening lasts. Default 1,000 ms: a restart is often over by then. */
  readonly firstOpenMs: number;
  /** How long an opening lasts at most. Default 60,000 ms: how late a recovery may be noticed. */
  readonly maxOpenMs: number;
}

/** See {@link BreakerPolicy}. */
const DEFAULT_BREAKER: BreakerPolicy = {
  downsToOpen: 2,
  failureShare: 0.9,
  minResults: 20,
  windowMs: 30_000,
  firstOpenMs: 1_000,
  maxOpenMs: 60_000,
};

/** The default policy with overrides, checked. @throws LongshoreError `invalid_options`, all faults in one message. */
export function breakerPolicy(overrides: Partial<BreakerPolicy> = {}): BreakerPolicy {
  const policy = { ...DEFAULT_BREAKER, ...overrides };
  const { downsToOpen, failureShare, minResults, windowMs, firstOpenMs, maxOpenMs } = policy;
  const faults: string[] = [];
  if (!Number.isInteger(downsToOpen) || downsToOpen < 1)
    faults.push(`downsToOpen is ${downsToOpen}, expected a whole number from 1`);
  if (!(failureShare > 0 && failureShare <= 1))
    faults.push(`failureShare is ${failureShare}, expected over 0 to 1`);
  if (!Number.isInteger(minResults) || minResults < 1 || minResults > MAX_RESULTS)
    faults.push(`minResults is ${minResults}, expected a whole number from 1 to ${MAX_RESULTS}`);
  if (!(windowMs > 0)) faults.push(`windowMs is ${windowMs}, expected over 0`);
  if (!(firstOpenMs > 0)) faults.push(`firstOpenMs is ${firstOpenMs}, expected over 0`);
  if (!(maxOpenMs >= firstOpenMs && maxOpenMs <= 3_600_000))
    faults.push(`maxOpenMs is ${maxOpenMs}, expected from firstOpenMs to 3600000`);
  if (faults.length > 0)
    throw new LongshoreError('invalid_options', `Cannot use breaker policy: ${faults.join('; ')}`);
  return policy;
}

/** What a breaker knows. `epoch` counts the changes of `kind`. */
export type BreakerState =
  | {
      readonly kind: 'closed';
      readonly epoch: number;
      readonly downs: number;
      readonly results: readonly { readonly atMs: number; readonly isFailure: boolean }[];
    }
  | {
      readonly kind: 'open';
      readonly epoch: number;
      /** Openings since the breaker was last closed, this one included. */
      readonly openings: number;
      readonly untilMs: number;
    }
  | {
      readonly kind: 'half-open';
      readonly epoch: number;
      readonly openings: number;
      /** When the next probe may begin. While one runs that is far off, not never: a probe may take hours. */
      readonly nextProbeMs: number;
    };

/** Something that happened, for {@link breakerAfter}. */
export type BreakerEvent =
  /** A job begins. */
  | { readonly kind: 'began' }
  /** A job that began in `epoch` ended. */
  | { readonly kind: 'ended'; readonly epoch: number; readonly result: BreakerResult }
  /** Time passed. */
  | { readonly kind: 'passed' };

/** A closed breaker. */
export function closedBreaker(epoch = 0): BreakerState {
  return { kind: 'closed', epoch, downs: 0, results: [] };
}

/** The state after an event. `random` gives the jitter of an opening, 0 to 1. */
export function breakerAfter(
  state: BreakerState,
  event: BreakerEvent,
  policy: BreakerPolicy,
  nowMs: number,
  random: () => number,
): BreakerState {
  const current = halfOpenWhenDue(state, nowMs);
  switch (event.kind) {
    case 'passed':
      return current;
    case 'began':
      return current.kind === 'half-open' ? { ...current, nextProbeMs: nowMs + policy.maxOpenMs } : current;
    case 'ended':
      return event.epoch === current.epoch
        ? afterResult(current, event.result, policy, nowMs, random)
        : current;
  }
}

/** How many more jobs may begin now: as many as there are slots (`Infinity`), one as a probe, or none. */
export function admitted(state: BreakerState, nowMs: number): number {
  const current = halfOpenWhenDue(state, nowMs);
  if (current.kind === 'closed') return Infinity;
  return current.kind === 'half-open' && nowMs >= current.nextProbeMs ? 1 : 0;
}

/** When {@link admitted} changes by itself, epoch ms; `Infinity` when only the end of a job can change it. */
export function nextChangeMs(state: BreakerState): number {
  if (state.kind === 'closed') return Infinity;
  return state.kind === 'open' ? state.untilMs : state.nextProbeMs;
}

function halfOpenWhenDue(state: BreakerState, nowMs: number): BreakerState {
  if (state.kind !== 'open' || nowMs < state.untilMs) return state;
  return { kind: 'half-open', epoch: state.epoch + 1, openings: state.openings, nextProbeMs: nowMs };
}

function afterResult(
  state: BreakerState,
  result: BreakerResult,
  policy: BreakerPolicy,
  nowMs: number,
  random: () => number,
): BreakerState {
  if (state.kind === 'open') return state;
  if (state.kind === 'half-open') {
    if (result === 'neutral') return { ...state, nextProbeMs: nowMs };
    return result === 'ok' ? closedBreaker(state.epoch + 1) : opened(state, policy, nowMs, random);
  }
  if (result === 'neutral') return state;
  const downs = result === 'down' ? state.downs + 1 : result === 'ok' ? 0 : state.downs;
  const isFailure = result !== 'ok';
  const results = [...state.results, { atMs: nowMs, isFailure }]
    .filter(({ atMs }) => atMs > nowMs - policy.windowMs)
    .slice(-MAX_RESULTS);
  const failures = results.filter((each) => each.isFailure).length;
  const isFailing = results.length >= policy.minResults && failures / results.length >= policy.failureShare;
  if (downs >= policy.downsToOpen || (isFailure && isFailing)) return opened(state, policy, nowMs, random);
  return { ...state, downs, results };
}

/** Equal jitter: workers that lost the same dependency do not probe it together. */
function opened(
  state: BreakerState,
  { firstOpenMs, maxOpenMs }: BreakerPolicy,
  nowMs: number,
  random: () => number,
): BreakerState {
  const openings = state.kind === 'closed' ? 1 : state.openings + 1;
  const openMs = Math.min(maxOpenMs, firstOpenMs * 2 ** (openings - 1));
  return {
    kind: 'open',
    epoch: state.epoch + 1,
    openings,
    untilMs: nowMs + openMs * (0.5 + random() / 2),
  };
}

/**
 * What an attempt says about the dependency. A job that was buried by a decision of its handler, or before it reached
 * one, was fine for everybody else; only attempts that ran out count as failures there.
 */
export function breakerResultOf(outcome: Outcome, isDown: boolean): BreakerResult {
  if (isDown) return 'down';
  switch (outcome.kind) {
    case 'completed':
      return 'ok';
    case 'retried':
      return 'failed';
    case 'buried':
      return outcome.code === 'attempts_exhausted' ? 'failed' : 'neutral';
    case 'released':
    case 'lost':
    case 'duplicate':
      return 'neutral';
  }
}

/** A breaker with a clock. */
export interface Breaker {
  readonly state: BreakerState['kind'];
  /** How many times it has opened; never falls. */
  readonly openings: number;
  /** How many more jobs may begin at this time: `Infinity`, 1 or 0. */
  admits(nowMs: number): number;
  /** When that changes by itself, epoch ms; `Infinity` when only the end of a job can change it. */
  readonly nextChangeMs: number;
  /** A job begins. Call what it returns when the job has ended; a second call does nothing. */
  begin(): (result: BreakerResult) => void;
  /** Cancels the timer. */
  close(): void;
}

/** What a {@link breaker} needs. */
export interface BreakerOptions {
  readonly policy: BreakerPolicy;
  readonly clock: Clock;
  readonly random: () => number;
  /** The state changed, or more jobs may begin: wake what takes jobs, tell the log. */
  readonly onChange: (state: BreakerState['kind']) => void;
}

/** A closed breaker on a clock. */
export function breaker({ policy, clock, random, onChange }: BreakerOptions): Breaker {
  let state = closedBreaker();
  let openings = 0;
  let timer: Timer | undefined;

  const wakeAt = (atMs: number): void => {
    timer?.cancel();
    timer = undefined;
    const delayMs = atMs - clock.nowMs();
    if (delayMs > 0 && delayMs < Infinity)
      timer = clock.after(delayMs, () => {
        apply({ kind: 'passed' });
        onChange(state.kind);
      });
  };

  const apply = (event: BreakerEvent): void => {
    const nowMs = clock.nowMs();
    const before = halfOpenWhenDue(state, nowMs);
    state = breakerAfter(state, event, policy, nowMs, random);
    const isNew = state.epoch !== before.epoch;
    if (isNew && state.kind === 'open') openings += 1;
    wakeAt(nextChangeMs(state));
    if (isNew || admitted(state, nowMs) > admitted(before, nowMs)) onChange(state.kind);
  };

  return {
    get state() {
      return halfOpenWhenDue(state, clock.nowMs()).kind;
    },
    get openings() {
      return openings;
    },
    get nextChangeMs() {
      return nextChangeMs(state);
    },
    admits: (nowMs) => admitted(state, nowMs),
    begin() {
      if (state.kind !== 'closed') apply({ kind: 'began' });
      const { epoch } = state;
      let isOver = false;
      return (result) => {
        if (isOver) return;
        isOver = true;
        // All is well, and stays so: the common case costs nothing.
        if (result === 'ok' && state.kind === 'closed' && state.results.length === 0) return;
        apply({ kind: 'ended', epoch, result });
      };
    },
    close() {
      timer?.cancel();
    },
  };
}
