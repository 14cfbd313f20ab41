/**
 * ECS's limits of calls: a token bucket per group of actions (API reference, "Request throttling for the Amazon ECS API").
 * AWS publishes the sizes of few groups; the others are set to what is believed of them, and tests may set their own.
 */

export type ActionGroup =
  | 'service-read'
  | 'service-write'
  | 'task-read'
  | 'task-write'
  | 'protection'
  | 'other';

export interface Bucket {
  readonly burst: number;
  readonly perSecond: number;
}

const DEFAULT_BUCKETS: Readonly<Record<ActionGroup, Bucket>> = {
  'service-read': { burst: 100, perSecond: 20 },
  'service-write': { burst: 50, perSecond: 5 },
  'task-read': { burst: 100, perSecond: 20 },
  'task-write': { burst: 100, perSecond: 40 },
  protection: { burst: 100, perSecond: 40 },
  other: { burst: 50, perSecond: 20 },
};

const GROUPS: Readonly<Record<string, ActionGroup>> = {
  DescribeServices: 'service-read',
  CreateService: 'service-write',
  UpdateService: 'service-write',
  DeleteService: 'service-write',
  ListTasks: 'task-read',
  DescribeTasks: 'task-read',
  StopTask: 'task-write',
  UpdateTaskProtection: 'protection',
  GetTaskProtection: 'protection',
};

/** Whether a call of the action may pass now; if so, it takes a token. */
export type Throttle = (action: string, nowMs: number) => boolean;

export function throttle(buckets: Readonly<Partial<Record<ActionGroup, Bucket>>>): Throttle {
  const levels = new Map<ActionGroup, { tokens: number; atMs: number }>();
  return (action, nowMs) => {
    const group = GROUPS[action] ?? 'other';
    const { burst, perSecond } = buckets[group] ?? DEFAULT_BUCKETS[group];
    const last = levels.get(group) ?? { tokens: burst, atMs: nowMs };
    const tokens = Math.min(burst, last.tokens + ((nowMs - last.atMs) / 1_000) * perSecond);
    const passes = tokens >= 1;
    levels.set(group, { tokens: passes ? tokens - 1 : tokens, atMs: nowMs });
    return passes;
  };
}
