export { defineFleet } from './define-fleet.ts';
export { parseFleet } from './parse-fleet.ts';
export type { ParsedFleet } from './parse-fleet.ts';
export { deadLetterQueueName, physicalQueueName, queueForJob, queueNamed, serviceNamed } from './names.ts';
export type { DurationText, FleetInput, QueueInput, ServiceInput } from './input.ts';
export type { Fleet, FleetQueue, FleetService } from './fleet.ts';
