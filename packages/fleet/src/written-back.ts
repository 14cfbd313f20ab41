/** A checked fleet written back as people write it, so that one of unknown origin can be checked like any other. */
import type { CalendarEvent, Fleet, FleetService } from './fleet.ts';

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/** The input that parses to this fleet. What is missing or wrong in it stays so, for the parser to find. */
export function writtenBack(fleet: Fleet): unknown {
  return {
    name: fleet.name,
    queues: Object.fromEntries(
      fleet.queues.map(({ name, leaseMs, retentionMs, ...rest }) => [
        name,
        { ...rest, lease: duration(leaseMs), retention: duration(retentionMs) },
      ]),
    ),
    services: Object.fromEntries(fleet.services.map((service) => [service.name, written(service)])),
    ...(fleet.pool === undefined ? {} : { pool: fleet.pool }),
  };
}

function written(service: FleetService): unknown {
  const {
    name: _key,
    drainMs,
    startupMs,
    serviceTimeMs,
    scale,
    objective,
    calendar,
    secrets,
    ...rest
  } = service;
  const { idleMs, stepUp, stepDown, ...bounds } = scale ?? {};
  const { timeInQueueMs, perJobMs, ...other } = objective ?? {};
  const step = {
    ...(stepUp === undefined ? {} : { up: stepUp }),
    ...(stepDown === undefined ? {} : { down: stepDown }),
  };
  return {
    ...rest,
    drain: duration(drainMs),
    startup: duration(startupMs),
    serviceTime: duration(serviceTimeMs),
    scale: {
      ...bounds,
      ...(idleMs === undefined ? {} : { idle: duration(idleMs) }),
      ...(Object.keys(step).length === 0 ? {} : { step }),
    },
    objective: {
      ...other,
      timeInQueue: duration(timeInQueueMs),
      ...(perJobMs === undefined
        ? {}
        : { perJob: Object.fromEntries(Object.entries(perJobMs).map(([job, ms]) => [job, duration(ms)])) }),
    },
    ...(Array.isArray(calendar) && calendar.length > 0 ? { calendar: calendar.map(event) } : {}),
    ...(Array.isArray(secrets) && secrets.length === 0 ? {} : { secrets }),
  };
}

function event({ starts, lastsMs, ...rest }: CalendarEvent): unknown {
  const at =
    starts.kind === 'once'
      ? { at: new Date(starts.atMs).toISOString() }
      : {
          weekly: `${DAYS[Math.floor(starts.minuteOfWeek / 1_440)]} ${clock(starts.minuteOfWeek % 1_440)} ${starts.timeZone}`,
        };
  return { ...rest, ...at, for: duration(lastsMs) };
}

function clock(minutes: number): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

function duration(value: unknown): unknown {
  return typeof value === 'number' ? `${value}ms` : value;
}
