/**
 * Claims in Redis, by scripts that compare and swap. Best effort: what Redis acknowledged can be forgotten.
 */
import { LongshoreError } from '@longshore/job';
import type { Redis } from 'ioredis';
import type { ClaimAnswer, ClaimRequest, HeldClaim, OnceStore } from '../once-store.ts';
import { CLAIM, COMMIT, RELEASE, RENEW } from './scripts.ts';

/** Options of {@link redisOnceStore}. */
export interface RedisOnceStoreOptions {
  /** A client, or a cluster's. It stays the caller's. */
  readonly redis: Pick<Redis, 'eval'>;
  /** Before each key. Default `longshore:once:`. */
  readonly prefix?: string;
}

/**
 * A store of claims in Redis 6.2 or newer. Leases go by the server's clock.
 *
 * BEST EFFORT: Redis replicates after it answers, so that a failover can forget claims and results; so can an eviction
 * (set `maxmemory-policy noeviction`) and a crash between two fsyncs. A forgotten effect runs again. Use it where a
 * rare repetition is cheap, and another store where it is not.
 */
export function redisOnceStore(options: RedisOnceStoreOptions): OnceStore {
  const { redis, prefix = 'longshore:once:' } = options;
  const run = async (
    script: string,
    key: string,
    ...values: readonly (string | number)[]
  ): Promise<unknown> => {
    try {
      return await redis.eval(script, 1, prefix + key, ...values);
    } catch (cause) {
      const message = `Cannot reach the claim of effect "${key}" in Redis: ${reasonOf(cause)}`;
      throw new LongshoreError('once_unavailable', message, { cause, details: { key }, retryable: true });
    }
  };
  return {
    claim: async (key, request): Promise<ClaimAnswer> => {
      const { owner, leaseMs, retentionMs } = request;
      const [state, value] = parseAnswer(key, await run(CLAIM, key, owner, leaseMs, retentionMs));
      switch (state) {
        case 'done':
          return { state, record: value };
        case 'busy':
          return { state, busyForMs: Number(value) };
        case 'held':
          return { state, claim: heldClaim(run, key, request, Number(value)) };
      }
    },
  };
}

function heldClaim(
  run: (script: string, key: string, ...values: readonly (string | number)[]) => Promise<unknown>,
  key: string,
  { owner, retentionMs }: ClaimRequest,
  fence: number,
): HeldClaim {
  return {
    fence,
    renew: async (leaseMs) => (await run(RENEW, key, owner, fence, leaseMs, retentionMs)) === 1,
    commit: async (record) => (await run(COMMIT, key, owner, fence, record, retentionMs)) === 1,
    release: async () => {
      await run(RELEASE, key, owner, fence);
    },
  };
}

function parseAnswer(key: string, answer: unknown): readonly ['held' | 'busy' | 'done', string] {
  if (Array.isArray(answer)) {
    const [state, value] = answer as readonly unknown[];
    const isKnown = state === 'held' || state === 'busy' || state === 'done';
    if (isKnown && typeof value === 'string') return [state, value];
  }
  throw new LongshoreError('once_corrupt', `Redis gave no answer of a claim for effect "${key}"`, {
    details: { key },
  });
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
