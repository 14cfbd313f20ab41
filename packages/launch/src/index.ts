export { launch } from './launch.ts';
export type { LaunchOptions, LaunchResources, Launched } from './launch.ts';
export { openFleet } from './open-fleet.ts';
export type { OpenFleet } from './open-fleet.ts';
export { openLedger, readLedgerLocation } from './open-ledger.ts';
export type { LedgerLocation } from './open-ledger.ts';
export { readSettings } from './settings.ts';
export type { Environment, Settings } from './settings.ts';
