/** Task-hours of the last day, by the hour, for services with a budget. */

/** What was spent. */
export interface SpendingMemory {
  /** Task-milliseconds by the hour of the epoch. */
  readonly hours: readonly { readonly hour: number; readonly taskMs: number }[];
  readonly atMs: number | undefined;
}

const HOUR_MS = 3_600_000;
const HOURS = 24;
/** A longer gap is not charged: nobody knows what ran in it. */
const MAX_GAP_MS = 600_000;

/** Adds the time since the last tick. */
export function withSpending(past: SpendingMemory, tasks: number, nowMs: number): SpendingMemory {
  const sinceMs = past.atMs === undefined ? 0 : Math.min(MAX_GAP_MS, Math.max(0, nowMs - past.atMs));
  const hour = Math.floor(nowMs / HOUR_MS);
  const kept = past.hours.filter((each) => each.hour > hour - HOURS && each.hour < hour);
  const current = past.hours.find((each) => each.hour === hour)?.taskMs ?? 0;
  return { hours: [...kept, { hour, taskMs: current + tasks * sinceMs }], atMs: nowMs };
}

/** Tasks that what is left of the day's budget pays for during one more hour, rounded down. */
export function affordableTasks({ hours }: SpendingMemory, taskHoursPerDay: number): number {
  const spentMs = hours.reduce((sum, { taskMs }) => sum + taskMs, 0);
  return Math.max(0, Math.floor(taskHoursPerDay - spentMs / HOUR_MS));
}
