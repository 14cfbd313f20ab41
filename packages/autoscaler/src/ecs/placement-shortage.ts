/**
 * Why ECS cannot place a service's tasks, read from the service's events.
 *
 * ECS states a cause once and is then silent about it for up to six hours (developer guide, "Service event messages"), so
 * an old event counts until a steady state, or the start of a task at a later look, is newer.
 */

/** An event of a service, as `DescribeServices` gives it. */
export interface PlacementEvent {
  readonly createdAt?: Date | undefined;
  readonly message?: string | undefined;
}

const FAILED = /(?:was unable|is unable) to place a task/i;
const STEADY = /has reached a steady state/i;
const STARTED = /has started \d+ tasks?\b/i;
/** One look of ECS at a service starts what it has room for and tells of the rest. */
const SAME_LOOK_MS = 5_000;

/** First match wins, so the more telling stand first. */
const CAUSES: readonly (readonly [pattern: RegExp, cause: string])[] = [
  [/insufficient memory|not enough memory/i, 'RESOURCE:MEMORY'],
  [/insufficient CPU|not enough CPU/i, 'RESOURCE:CPU'],
  [/insufficient GPU/i, 'RESOURCE:GPU'],
  [/already using a port|too many ports|insufficient ports/i, 'RESOURCE:PORTS'],
  [/ENI attachment|network interface/i, 'RESOURCE:ENI'],
  [/limit on the number of vCPUs/i, 'QUOTA:VCPU'],
  [/limit on the number of tasks/i, 'QUOTA:TASKS'],
  [/requested CPU configuration is above/i, 'QUOTA:CPU'],
  [/requested MEMORY configuration is above/i, 'QUOTA:MEMORY'],
  [/capacity is unavailable/i, 'CAPACITY'],
  [/missing an attribute|MissingAttribute/i, 'ATTRIBUTE'],
  [/error "?AGENT|agent connected/i, 'AGENT'],
  [/no container instance/i, 'CONTAINER_INSTANCE'],
];

/**
 * The cause in the form `RESOURCE:MEMORY`, `QUOTA:VCPU`, `CAPACITY`, `AGENT`, `ATTRIBUTE`, `CONTAINER_INSTANCE` (there is
 * none), or ECS's own reason where it is unknown. `undefined` where tasks can be placed.
 */
export function placementShortage(events: readonly PlacementEvent[]): string | undefined {
  const failed = newest(events, FAILED);
  if (failed?.message === undefined) return undefined;
  const steadyMs = timeOf(newest(events, STEADY));
  const startedMs = timeOf(newest(events, STARTED)) - SAME_LOOK_MS;
  return timeOf(failed) < Math.max(steadyMs, startedMs) ? undefined : causeOf(failed.message);
}

function newest(events: readonly PlacementEvent[], pattern: RegExp): PlacementEvent | undefined {
  return events
    .filter(({ message = '' }) => pattern.test(message))
    .toSorted((left, right) => timeOf(right) - timeOf(left))[0];
}

function causeOf(message: string): string {
  const literal = /RESOURCE:\s*([A-Z_]+)/.exec(message)?.[1];
  if (literal !== undefined) return `RESOURCE:${literal}`;
  const known = CAUSES.find(([pattern]) => pattern.test(message))?.[1];
  if (known !== undefined) return known;
  return /Reason: (.{1,120})/.exec(message)?.[1]?.replace(/\.$/, '') ?? 'UNKNOWN';
}

function timeOf(event: PlacementEvent | undefined): number {
  return event?.createdAt?.getTime() ?? -Infinity;
}
