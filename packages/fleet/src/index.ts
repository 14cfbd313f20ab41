export type { Fleet, FleetQueue, FleetService } from './fleet.ts';
