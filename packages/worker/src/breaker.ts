/**
 * A breaker for the whole worker: while a dependency is down it takes no jobs, so that no receives are burnt on jobs that
 * cannot succeed.
 *
 * closed → open, for a time that doubles from one opening to the next → half-open, one job at a time → closed. It opens
 * when handlers say that the dependency is down, and for no other failure: a batch of bad jobs must not slow good ones.
 * The state machine is pure; `breaker` adds the clock. Outcomes of jobs that began before the last change of state
 * change nothing.
 */
import type { Clock, Outcome, Timer } from '@longshore/job';

/** What a job's end says about the dependency. `neutral`: nothing, for instance because the job was given back. */
export type BreakerResult = 'up' | 'down' | 'neutral';

/** Jobs in a row, without one that found it up between them, that find the dependency down: one may be wrong. */
const DOWNS_TO_OPEN = 2;
/** How long the first opening lasts: a restart is often over by then. */
export const FIRST_OPEN_MS = 1_000;
/** How long an opening lasts at most: how late a recovery may be noticed. */
export const MAX_OPEN_MS = 60_000;

/** What a breaker knows. `epoch` counts the changes of `kind`. */
export type BreakerState =
  | {
      readonly kind: 'closed';
      readonly epoch: number;
      readonly downs: number;
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
  return { kind: 'closed', epoch, downs: 0 };
}

/** The state after an event. `random` gives the jitter of an opening, 0 to 1. */
export function breakerAfter(
  state: BreakerState,
  event: BreakerEvent,
  nowMs: number,
  random: () => number,
): BreakerState {
  const current = halfOpenWhenDue(state, nowMs);
  switch (event.kind) {
    case 'passed':
      return current;
    case 'began':
      return current.kind === 'half-open' ? { ...current, nextProbeMs: nowMs + MAX_OPEN_MS } : current;
    case 'ended':
      return event.epoch === current.epoch ? afterResult(current, event.result, nowMs, random) : current;
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
  nowMs: number,
  random: () => number,
): BreakerState {
  if (state.kind === 'open') return state;
  if (state.kind === 'half-open') {
    if (result === 'neutral') return { ...state, nextProbeMs: nowMs };
    return result === 'up' ? closedBreaker(state.epoch + 1) : opened(state, nowMs, random);
  }
  if (result === 'neutral') return state;
  const downs = result === 'down' ? state.downs + 1 : 0;
  return downs >= DOWNS_TO_OPEN ? opened(state, nowMs, random) : { ...state, downs };
}

/** Equal jitter: workers that lost the same dependency do not probe it together. */
function opened(state: BreakerState, nowMs: number, random: () => number): BreakerState {
  const openings = 'openings' in state ? state.openings + 1 : 1;
  const openMs = Math.min(MAX_OPEN_MS, FIRST_OPEN_MS * 2 ** (openings - 1));
  return {
    kind: 'open',
    epoch: state.epoch + 1,
    openings,
    untilMs: nowMs + openMs * (0.5 + random() / 2),
  };
}

/** What an attempt says about the dependency: a handler that failed for another reason has found it up. */
export function breakerResultOf(outcome: Outcome, isDown: boolean): BreakerResult {
  if (isDown) return 'down';
  return outcome.kind === 'completed' || outcome.kind === 'retried' ? 'up' : 'neutral';
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
  readonly clock: Clock;
  readonly random: () => number;
  /** The state changed, or more jobs may begin: wake what takes jobs, tell the log. */
  readonly onChange: (state: BreakerState['kind']) => void;
}

/** A closed breaker on a clock. */
export function breaker({ clock, random, onChange }: BreakerOptions): Breaker {
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
    state = breakerAfter(state, event, nowMs, random);
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
        if (result === 'up' && state.kind === 'closed' && state.downs === 0) return;
        apply({ kind: 'ended', epoch, result });
      };
    },
    close() {
      timer?.cancel();
    },
  };
}
