/** Who may import whom. ARCHITECTURE.md shows the same table, and a test holds the two equal. */

/** What a package may import of ours; `everything` is for composition roots. */
export type Arrow = readonly string[] | 'everything';

/** The allowed arrows between the folders of `packages/`. A package that is not listed here may not exist. */
export const ARROWS: Readonly<Record<string, Arrow>> = {
  job: [],
  objects: ['job'],
  queue: ['job', 'objects'],
  once: ['job', 'objects'],
  worker: ['job', 'queue', 'objects'],
  search: ['job'],
  webhooks: ['job'],
  sql: ['job'],
  warehouse: ['job', 'objects', 'worker'],
  fleet: ['job'],
  ledger: ['job'],
  autoscaler: ['job', 'fleet', 'objects', 'ledger'],
  simulator: ['job', 'fleet', 'ledger', 'autoscaler'],
  launch: ['job', 'queue', 'objects', 'once', 'worker', 'fleet', 'ledger'],
  'sqs-endpoint': ['job'],
  'create-longshore': ['job'],
  cli: 'everything',
};

/** Packages that tests of any package may import: the real parts that a driver is tested with. */
export const TEST_PARTS: readonly string[] = ['sqs-endpoint'];

/** Packages that choose drivers. All others see ports: the main door of a package, never `@longshore/queue/sqs`. */
export const CHOOSES_DRIVERS: readonly string[] = ['launch', 'cli'];

/** Services that another service may import, for their job definitions, by their index. */
export const SERVICE_ARROWS: readonly (readonly [from: string, to: string])[] = [
  ['pdf-extraction', 'indexing'],
  ['pdf-extraction', 'delivery'],
  ['pdf-extraction', 'warehouse-sync'],
  ['pdf-extraction', 'dashboard-sync'],
];
