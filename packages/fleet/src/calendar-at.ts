/** What a service's calendar says of a moment. */
import type { CalendarEvent } from './fleet.ts';

/** Events that last, or begin within the time that tasks need to start. */
export interface CalendarOutlook {
  /** The most that one of them asks for. */
  readonly minTasks?: number;
  /** Product of their factors. */
  readonly factor?: number;
  readonly events: readonly string[];
}

const MINUTE_MS = 60_000;
const WEEK_MINUTES = 10_080;
const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/** The outlook at a time; `undefined` when no event lasts or begins within `aheadMs`. */
export function calendarAt(
  calendar: readonly CalendarEvent[],
  nowMs: number,
  aheadMs: number,
): CalendarOutlook | undefined {
  const current = calendar.filter((event) => isCurrent(event, nowMs, aheadMs));
  if (current.length === 0) return undefined;
  const least = current.flatMap(({ minTasks }) => (minTasks === undefined ? [] : [minTasks]));
  const factors = current.flatMap(({ factor }) => (factor === undefined ? [] : [factor]));
  return {
    ...(least.length === 0 ? {} : { minTasks: Math.max(...least) }),
    ...(factors.length === 0 ? {} : { factor: factors.reduce((product, factor) => product * factor, 1) }),
    events: current.map(({ name }) => name),
  };
}

function isCurrent({ starts, lastsMs }: CalendarEvent, nowMs: number, aheadMs: number): boolean {
  if (starts.kind === 'once') return starts.atMs - aheadMs <= nowMs && nowMs < starts.atMs + lastsMs;
  // By the clock on the wall of the zone, now and at the end of the start-up, so that a change to summer time counts.
  const nowMinute = minuteOfWeek(nowMs, starts.timeZone);
  if (after(nowMinute, starts.minuteOfWeek) * MINUTE_MS < lastsMs) return true;
  return after(starts.minuteOfWeek, nowMinute) * MINUTE_MS <= aheadMs;
}

/** Minutes from one minute of the week on to another. */
function after(minute: number, from: number): number {
  return (minute - from + WEEK_MINUTES) % WEEK_MINUTES;
}

/** Minutes since Monday 00:00 on the wall of a zone. */
function minuteOfWeek(atMs: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(atMs);
  const part = (type: string): string => parts.find((each) => each.type === type)?.value ?? '';
  const seconds = (atMs % MINUTE_MS) / MINUTE_MS;
  return DAYS.indexOf(part('weekday')) * 1_440 + Number(part('hour')) * 60 + Number(part('minute')) + seconds;
}
