export { defineFleet } from './define-fleet.ts';
export { writtenBack } from './written-back.ts';
export { parseFleet } from './parse-fleet.ts';
export type { ParsedFleet } from './parse-fleet.ts';
export {
  deadLetterQueueName,
  factsQueueName,
  physicalQueueName,
  queueForJob,
  queueNamed,
  serviceNamed,
} from './names.ts';
export {
  CONTROL_EXPIRES_MS,
  MAX_DRAINED_WORKERS,
  controlKey,
  isControlCurrent,
  parseControl,
} from './control.ts';
export type { ControlDocument, ParsedControl } from './control.ts';
export { MAX_HEARTBEAT_JOBS, parseHeartbeat, parseHeartbeatText } from './heartbeat.ts';
export type { HeartbeatJob, ParsedHeartbeat, WorkerHeartbeat, WorkerState } from './heartbeat.ts';
export { allocate } from './allocate.ts';
export type { PoolCapacity, TaskGrant, TaskWish } from './allocate.ts';
export { calendarAt } from './calendar-at.ts';
export type { CalendarOutlook } from './calendar-at.ts';
export { feasibility } from './feasibility.ts';
export type { Feasibility, FeasibilityInput } from './feasibility.ts';
export { LIST_PRICES } from './placement/list-prices.ts';
export { parsePrices } from './placement/parse-prices.ts';
export { planFleet } from './placement/plan-fleet.ts';
export type { FleetPlan, MixPlan, PlanOptions, TypePlan } from './placement/plan-fleet.ts';
export type { PoolLimits } from './placement/pool-limits.ts';
export type { InstanceType, PriceList, Room, TaskKind } from './placement/instance-type.ts';
export { fleetWarnings } from './fleet-warnings.ts';
export type { FleetWarning } from './fleet-warnings.ts';
export type {
  CalendarInput,
  DurationText,
  FleetInput,
  ObjectiveInput,
  PoolInput,
  QueueInput,
  ScaleInput,
  ServiceInput,
} from './input.ts';
export type {
  CalendarEvent,
  Fleet,
  FleetObjective,
  FleetPool,
  FleetQueue,
  FleetScale,
  FleetService,
} from './fleet.ts';
