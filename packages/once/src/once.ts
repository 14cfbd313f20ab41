/**
 * Runs effects at most once to a recorded result: claim, run under a renewed lease, commit on the condition that the
 * fence still stands.
 *
 * A crash between an effect and its commit repeats the effect: only a conditional write, the same database
 * transaction (`onceInTransaction`) or an API that honours an idempotency key closes that gap.
 */
import { randomBytes } from 'node:crypto';
import { LongshoreError, isLongshoreError, sleep, systemClock, type Clock } from '@longshore/job';
import { assertOnceKey } from './key.ts';
import { startLeaseRenewal } from './lease-renewal.ts';
import { checkOnceOptions, DEFAULT_LEASE_MS, DEFAULT_RETENTION_MS } from './once-options.ts';
import type { ClaimAnswer, HeldClaim, OnceStore } from './once-store.ts';
import { decodeResult, encodeResult } from './recorded-result.ts';

/** What an effect is given. */
export interface OnceClaim {
  /** Grows by one each time that the key changes hands: a store that refuses lower fences shuts out late writers. */
  readonly fence: number;
  /** Aborts when the claim is lost (`once_lost`) or the caller's signal aborts. What returns nevertheless is committed. */
  readonly signal: AbortSignal;
}

/** Options of {@link Once.once}. */
export interface OnceCallOptions {
  /** Reaches the effect by its own signal; once it aborts nothing new is started. */
  readonly signal?: AbortSignal;
}

/** Runs effects once. Small on purpose, so that it can be passed on by its shape. */
export interface Once {
  /**
   * Runs an effect whose key was never done, and records what it returns; else returns what is recorded. Both callers
   * get the same JSON value (`undefined` stays so). An effect that throws is not recorded: its claim is given up, its
   * error thrown.
   *
   * @param key 1 to 1,024 bytes of any text, derived from the job and the same on each delivery of it: never a message
   * id, never a random value
   * @throws LongshoreError `once_busy` (retryable; `details.busyUntilMs`, `details.retryAfterMs`): another owner runs
   * the effect; `once_lost` (retryable): the claim was taken over while it ran, its result was not recorded;
   * `once_result_refused`: the effect ran, its result is no JSON or too large; `once_unavailable` or the store's code
   * (retryable): the store does not answer; `invalid_key`; `once_corrupt`
   */
  once<Result>(
    key: string,
    effect: (claim: OnceClaim) => Promise<Result>,
    options?: OnceCallOptions,
  ): Promise<Result>;
}

/** Options of {@link createOnce}. */
export interface CreateOnceOptions {
  /** Where claims and results are kept; shared by all who run these effects. */
  readonly store: OnceStore;
  /** How long a crashed owner blocks its key. 1,000 to 43,200,000 (12 hours). Default 60,000. Renewed at a third. */
  readonly leaseMs?: number;
  /** How long results are remembered. At least `leaseMs`. Default 2,592,000,000 (30 days). */
  readonly retentionMs?: number;
  /**
   * How long a job can come again: the retention of its queue plus that of its dead-letter queue, from which it can be
   * redriven. When given, a shorter `retentionMs` is refused.
   */
  readonly queueRetentionMs?: number;
  /** Default: the machine's clock. */
  readonly clock?: Clock;
  /** Names owners; must not repeat between processes. Default: the random bytes of `node:crypto`. */
  readonly random?: (bytes: number) => Uint8Array;
}

type Settings = Readonly<Required<Omit<CreateOnceOptions, 'queueRetentionMs'>>>;

const OWNER_BYTES = 16;

/** A reply can be lost; the same request again is safe, and cheaper than another delivery. */
const STORE_ATTEMPTS = 4;
const FIRST_PAUSE_MS = 50;

/**
 * Makes a {@link Once}.
 *
 * @example
 * ```ts
 * import { createOnce } from '@longshore/once';
 * import { memoryOnceStore } from '@longshore/once/memory';
 *
 * const once = createOnce({ store: memoryOnceStore() });
 * const receipt = await once.once('charge:order-42', async ({ signal }) => {
 *   const answer = await fetch('https://payments.example/charges', { method: 'POST', signal });
 *   return { status: answer.status };
 * });
 * ```
 *
 * @throws LongshoreError `invalid_options`
 */
export function createOnce(options: CreateOnceOptions): Once {
  checkOnceOptions(options);
  const settings: Settings = {
    leaseMs: DEFAULT_LEASE_MS,
    retentionMs: DEFAULT_RETENTION_MS,
    clock: systemClock,
    random: randomBytes,
    ...options,
  };
  return {
    // Both callers get what the record says; that it is a `Result` is the word of whoever chose the key.
    once: async <Result>(
      key: string,
      effect: (claim: OnceClaim) => Promise<Result>,
      { signal }: OnceCallOptions = {},
    ) => (await runOnce(settings, key, effect, signal)) as Result,
  };
}

async function runOnce(
  settings: Settings,
  key: string,
  effect: (claim: OnceClaim) => Promise<unknown>,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  assertOnceKey(key);
  signal?.throwIfAborted();
  const { store, leaseMs, retentionMs, clock } = settings;
  const owner = Buffer.from(settings.random(OWNER_BYTES)).toString('hex');
  let askedAtMs = clock.nowMs();
  const answer = await persist(settings, async (): Promise<ClaimAnswer> => {
    askedAtMs = clock.nowMs();
    return await store.claim(key, { owner, leaseMs, retentionMs });
  });
  switch (answer.state) {
    case 'done':
      return decodeResult(key, answer.record);
    case 'busy':
      throw busy(key, answer.busyForMs, clock.nowMs());
    case 'held': {
      const { claim } = answer;
      const value = await runHeld(settings, { key, claim, heldUntilMs: askedAtMs + leaseMs, effect, signal });
      const record = encodeResult(value);
      // The claim is not given up when the store stays away: the effect has happened, and the commit may have, too.
      if (!(await persist(settings, () => claim.commit(record)))) throw lost(key, claim.fence, undefined);
      return decodeResult(key, record);
    }
  }
}

interface HeldRun {
  readonly key: string;
  readonly claim: HeldClaim;
  readonly heldUntilMs: number;
  readonly effect: (claim: OnceClaim) => Promise<unknown>;
  readonly signal: AbortSignal | undefined;
}

/** Runs the effect under its lease. Gives the claim up when it throws. */
async function runHeld(settings: Settings, run: HeldRun): Promise<unknown> {
  const { key, claim, heldUntilMs, effect, signal } = run;
  const { leaseMs, clock } = settings;
  const ending = new AbortController();
  const renewal = startLeaseRenewal({
    claim,
    leaseMs,
    heldUntilMs,
    clock,
    onLost: (cause) => ending.abort(lost(key, claim.fence, cause)),
  });
  try {
    signal?.throwIfAborted();
    const both = signal === undefined ? ending.signal : AbortSignal.any([signal, ending.signal]);
    const value = await effect({ fence: claim.fence, signal: both });
    await renewal.stop();
    return value;
  } catch (error) {
    await renewal.stop();
    // The effect's error is what the caller acts on. A claim that cannot be given up ends with its lease.
    await persist(settings, () => claim.release()).catch(() => undefined);
    throw error;
  }
}

/** Asks the store again when it may help. */
async function persist<Answer>({ clock }: Settings, ask: () => Promise<Answer>): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      if (attempt === STORE_ATTEMPTS || !isLongshoreError(error) || !error.retryable) throw error;
    }
    await sleep(FIRST_PAUSE_MS * 2 ** (attempt - 1), { clock });
  }
}

function busy(key: string, busyForMs: number, nowMs: number): LongshoreError {
  const retryAfterMs = Math.max(0, Math.ceil(busyForMs));
  const busyUntilMs = Math.ceil(nowMs) + retryAfterMs;
  return new LongshoreError(
    'once_busy',
    `Effect "${key}" is being run by another owner, whose lease ends at ${new Date(busyUntilMs).toISOString()}` +
      ' unless renewed: try again then',
    { details: { key, busyUntilMs, retryAfterMs }, retryable: true },
  );
}

function lost(key: string, fence: number, cause: unknown): LongshoreError {
  return new LongshoreError(
    'once_lost',
    `Effect "${key}" lost its claim (fence ${fence}) while it ran, and its result is not recorded:` +
      ' try again to get the result of the owner that took over',
    { cause, details: { key, fence }, retryable: true },
  );
}
