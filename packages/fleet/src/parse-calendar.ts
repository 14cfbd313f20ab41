/** Reads a service's calendar of known events. */
import type { Faults } from './faults.ts';
import type { CalendarEvent } from './fleet.ts';
import * as limits from './limits.ts';
import { Section } from './section.ts';

const KEYS = ['name', 'at', 'weekly', 'for', 'minTasks', 'factor'];
const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const WEEKLY = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun) ([01]\d|2[0-3]):([0-5]\d) ([A-Za-z0-9_+/-]+)$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/;

/** The events, none when there is no calendar. */
export function parseCalendar(service: Section, maxTasks: number, found: Faults): readonly CalendarEvent[] {
  if (!service.has('calendar')) return [];
  return service
    .list('calendar')
    .map((value, index) =>
      parseEvent(new Section(value, `${service.path}.calendar[${index}]`, KEYS, found), maxTasks, found),
    );
}

function parseEvent(event: Section, maxTasks: number, found: Faults): CalendarEvent {
  const name = event.text(
    'name',
    'what people call the event',
    (text) => text.trim() !== '' && text.length <= 80,
  );
  const lastsMs = event.durationMs('for', { min: limits.MIN_EVENT_MS, max: limits.MAX_EVENT_MS });
  if (event.has('at') === event.has('weekly'))
    found.say(
      `${event.path} has ${event.has('at') ? 'both at and weekly' : 'neither at nor weekly'}: give one of them`,
    );
  const hasTasks = event.has('minTasks');
  const hasFactor = event.has('factor');
  if (!hasTasks && !hasFactor) found.say(`${event.path} changes nothing: give minTasks or factor`);
  return {
    name,
    starts: event.has('weekly') ? parseWeekly(event) : parseInstant(event),
    lastsMs,
    ...(hasTasks
      ? {
          minTasks: event.wholeNumber('minTasks', {
            min: 1,
            max: Number.isNaN(maxTasks) ? limits.MAX_TASKS : maxTasks,
            reason: "the service's max",
          }),
        }
      : {}),
    ...(hasFactor ? { factor: event.number('factor', { min: 0.01, max: limits.MAX_FACTOR }) } : {}),
  };
}

function parseInstant(event: Section): CalendarEvent['starts'] {
  if (!event.has('at')) return { kind: 'once', atMs: NaN };
  const text = event.text(
    'at',
    'a time with its offset, such as "2026-11-27T08:00:00Z"',
    (value) => INSTANT.test(value) && !Number.isNaN(Date.parse(value)),
  );
  return { kind: 'once', atMs: Date.parse(text) };
}

function parseWeekly(event: Section): CalendarEvent['starts'] {
  const text = event.text(
    'weekly',
    'a day, a time and a time zone, such as "Fri 08:00 Europe/Paris"',
    (value) => {
      const zone = WEEKLY.exec(value)?.[4];
      return zone !== undefined && isTimeZone(zone);
    },
  );
  const [, day = '', hour = '', minute = '', timeZone = 'UTC'] = WEEKLY.exec(text) ?? [];
  return {
    kind: 'weekly',
    minuteOfWeek: DAYS.indexOf(day) * 1_440 + Number(hour) * 60 + Number(minute),
    timeZone,
  };
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
