/**
 * Claims in an object store, by conditional creates alone: a key's history is a chain of numbered objects, and who
 * creates the next one has swapped the state that the one before holds. Two writes and a listing for an effect, one
 * write more for a renewal.
 *
 * Steps are never changed, and never deleted while the key is in use: a late writer would fill the gap and believe it.
 */
import { LongshoreError, systemClock, type Clock } from '@longshore/job';
import type { ObjectStore } from '@longshore/objects';
import type { ClaimAnswer, ClaimRequest, HeldClaim, OnceStore } from '../once-store.ts';
import { createStep, folderOf, latestStep, stepOf, type Step } from './step.ts';

/** Options of {@link objectsOnceStore}. */
export interface ObjectsOnceStoreOptions {
  /**
   * Where claims are kept. Its conditional create must be enforced: check an S3-compatible server once with
   * `verifyConditionalCreate`.
   */
  readonly objects: ObjectStore;
  /** A prefix that nobody else writes to, without a slash at its end. Default `once`. */
  readonly prefix?: string;
  /**
   * Ends leases and retentions. The machines of a fleet compare their clocks: a clock that is ahead takes over early by
   * as much. Default: the machine's clock.
   */
  readonly clock?: Clock;
}

interface Home {
  readonly objects: ObjectStore;
  readonly clock: Clock;
  readonly folder: string;
  readonly key: string;
}

/** Each round lost is a step that somebody else made, which ends in an answer; a store that lies must not hold us. */
const MAX_ROUNDS = 32;

/**
 * A store of claims in an object store. Objects under the prefix may be removed once they are older than the
 * retention: on S3 by a lifecycle rule of that many days and one.
 */
export function objectsOnceStore(options: ObjectsOnceStoreOptions): OnceStore {
  const { objects, prefix = 'once', clock = systemClock } = options;
  return {
    claim: (key, request) => claim({ objects, clock, folder: folderOf(prefix, key), key }, request),
  };
}

async function claim(home: Home, request: ClaimRequest): Promise<ClaimAnswer> {
  const { objects, clock, folder, key } = home;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const latest = await latestStep(objects, folder);
    const answer = latest === undefined ? undefined : answerOf(home, request, latest);
    if (answer !== undefined) return answer;
    const step: Step = {
      number: (latest?.number ?? 0) + 1,
      state: 'claimed',
      owner: request.owner,
      fence: (latest?.fence ?? 0) + 1,
      untilMs: clock.nowMs() + request.leaseMs,
    };
    if (await createStep(objects, folder, key, step)) {
      return { state: 'held', claim: heldClaim(home, request, step) };
    }
  }
  throw new LongshoreError(
    'once_unavailable',
    `Cannot claim effect "${key}": the object store refused ${MAX_ROUNDS} creates without showing what was there`,
    { details: { key, folder }, retryable: true },
  );
}

/** What the latest step means for a claim; `undefined` when the key is free. */
function answerOf(home: Home, request: ClaimRequest, latest: Step): ClaimAnswer | undefined {
  const remainingMs = latest.untilMs - home.clock.nowMs();
  if (latest.state === 'claimed' && latest.owner === request.owner) {
    return { state: 'held', claim: heldClaim(home, request, latest) };
  }
  if (remainingMs <= 0) return undefined;
  if (latest.record !== undefined) return { state: 'done', record: latest.record };
  return latest.state === 'claimed' ? { state: 'busy', busyForMs: remainingMs } : undefined;
}

function heldClaim({ objects, clock, folder, key }: Home, request: ClaimRequest, held: Step): HeldClaim {
  let last = held;
  /** Makes the next step. `false`: another owner made it, or this one has ended its claim. */
  const advance = async (change: Pick<Step, 'state' | 'untilMs' | 'record'>): Promise<boolean> => {
    while (last.state === 'claimed') {
      const step: Step = { number: last.number + 1, owner: held.owner, fence: held.fence, ...change };
      if (await createStep(objects, folder, key, step)) {
        last = step;
        return true;
      }
      const there = await stepOf(objects, folder, step.number);
      if (there === undefined || there.owner !== held.owner) return false;
      // A step of ours whose reply was lost.
      last = there;
    }
    return false;
  };
  return {
    fence: held.fence,
    renew: (leaseMs) => advance({ state: 'claimed', untilMs: clock.nowMs() + leaseMs }),
    commit: async (record) =>
      (await advance({ state: 'done', untilMs: clock.nowMs() + request.retentionMs, record })) ||
      last.state === 'done',
    release: async () => {
      await advance({ state: 'released', untilMs: 0 });
    },
  };
}
