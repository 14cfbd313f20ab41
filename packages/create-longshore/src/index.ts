export { createFleet, defaultJob } from './create-fleet.ts';
export type { CreatedFleet, CreateFleetOptions } from './create-fleet.ts';
export { fleetEntry, propertyKey } from './fleet-entry.ts';
export type { FleetEntry, NewWorker } from './fleet-entry.ts';
export { scaffoldName } from './scaffold-name.ts';
export type { NamedThing } from './scaffold-name.ts';
export { workerFiles } from './worker-files.ts';
export type { FileTexts, WorkerFilesOptions } from './worker-files.ts';
export { conflictingFiles, writeFiles } from './write-files.ts';
