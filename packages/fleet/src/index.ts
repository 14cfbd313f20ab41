export { defineFleet } from './define-fleet.ts';
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
export type { DurationText, FleetInput, QueueInput, ServiceInput } from './input.ts';
export type { Fleet, FleetQueue, FleetService } from './fleet.ts';
