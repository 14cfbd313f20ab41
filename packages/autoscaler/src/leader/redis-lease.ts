/** A lease in Redis: a key that expires, and a counter of terms. Best effort: a failover of Redis can forget both. */
import { LongshoreError, systemClock, type Clock } from '@longshore/job';
import { DEFAULT_LEASE_MS, LEASE_SAFETY_SHARE, type LeaderLease } from './leader-lease.ts';

/** The part of a Redis client that is used; ioredis has it. */
export interface RedisScripts {
  eval(script: string, keys: number, ...args: (string | number)[]): Promise<unknown>;
}

/** Options of {@link redisLease}. */
export interface RedisLeaseOptions {
  /** It stays the caller's. */
  readonly redis: RedisScripts;
  /** Name of this contender, its own. */
  readonly holder: string;
  /** Before the two keys, which share a slot of a cluster. Default `longshore:autoscaler`. */
  readonly prefix?: string;
  /** Default 30,000. */
  readonly leaseMs?: number;
  readonly clock?: Clock;
}

const RENEW = `
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return {0, tonumber(redis.call('GET', KEYS[2]) or '0')} end
local term = holder and tonumber(redis.call('GET', KEYS[2]) or '0') or redis.call('INCR', KEYS[2])
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return {1, term}`;

const RELEASE = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 0`;

/** A lease in Redis. One script a renewal; expiry goes by the server's clock. */
export function redisLease(options: RedisLeaseOptions): LeaderLease {
  const {
    redis,
    holder,
    prefix = 'longshore:autoscaler',
    leaseMs = DEFAULT_LEASE_MS,
    clock = systemClock,
  } = options;
  const keys = [`{${prefix}}:leader`, `{${prefix}}:term`];
  const run = async (script: string, ...args: (string | number)[]): Promise<unknown> => {
    try {
      return await redis.eval(script, keys.length, ...keys, ...args);
    } catch (cause) {
      throw new LongshoreError('lease_unavailable', 'Cannot reach the lease of the autoscaler in Redis', {
        cause,
        retryable: true,
      });
    }
  };
  return {
    async renew() {
      const startedMs = clock.nowMs();
      const answer = await run(RENEW, holder, leaseMs);
      const [isLeader, term] = Array.isArray(answer) ? answer.map(Number) : [];
      if (isLeader !== 1) return { isLeader: false, term: term ?? 0, untilMs: 0 };
      return { isLeader: true, term: term ?? 0, untilMs: startedMs + leaseMs * (1 - LEASE_SAFETY_SHARE) };
    },
    async release() {
      await run(RELEASE, holder);
    },
  };
}
