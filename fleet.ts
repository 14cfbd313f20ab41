/** The document fleet: PDFs become text that is found, delivered and counted. Everything that runs it, from the terminal on, reads this. */
import { defineFleet, type Fleet } from '@longshore/fleet';

const fleet: Fleet = defineFleet({
  name: 'documents',
  queues: {
    'pdf-extraction': { jobs: ['extract-pdf', 'import-s3-event'], lease: '30s' },
    indexing: { jobs: ['index-document', 'remove-document'], lease: '30s' },
    delivery: { jobs: ['publish-document', 'notify-endpoint'], lease: '30s' },
    'warehouse-sync': { jobs: ['record-document'], lease: '30s' },
    'dashboard-sync': { jobs: ['count-document'], lease: '30s' },
  },
  services: {
    'pdf-extraction': {
      entry: './services/pdf-extraction/src/main.ts',
      queue: 'pdf-extraction',
      slots: 2,
      cpuUnits: 1024,
      memoryMiB: 2048,
      scale: { min: 0, max: 10 },
      objective: { percentile: 95, timeInQueue: '60s' },
      drain: '25s',
    },
    indexing: {
      entry: './services/indexing/src/main.ts',
      queue: 'indexing',
      slots: 20,
      cpuUnits: 256,
      memoryMiB: 512,
      scale: { min: 0, max: 2 },
      objective: { percentile: 95, timeInQueue: '60s' },
      drain: '25s',
    },
    delivery: {
      entry: './services/delivery/src/main.ts',
      queue: 'delivery',
      slots: 20,
      cpuUnits: 256,
      memoryMiB: 512,
      // One is always there: what a receiver refused is tried again for three days, by no message of the queue.
      scale: { min: 1, max: 4 },
      objective: { percentile: 95, timeInQueue: '60s' },
      drain: '25s',
      secrets: ['LONGSHORE_DELIVERY_STORE', 'LONGSHORE_DELIVERY_LINK_KEY'],
    },
    'warehouse-sync': {
      entry: './services/warehouse-sync/src/main.ts',
      queue: 'warehouse-sync',
      slots: 1_000,
      cpuUnits: 256,
      memoryMiB: 512,
      scale: { min: 0, max: 2 },
      objective: { percentile: 95, timeInQueue: '5m' },
      drain: '25s',
      secrets: ['LONGSHORE_WAREHOUSE_URL'],
    },
    'dashboard-sync': {
      entry: './services/dashboard-sync/src/main.ts',
      queue: 'dashboard-sync',
      slots: 1_000,
      cpuUnits: 256,
      memoryMiB: 512,
      // One is always there: what was counted last is shown after the last job too.
      scale: { min: 1, max: 2 },
      objective: { percentile: 95, timeInQueue: '60s' },
      drain: '25s',
      secrets: ['LONGSHORE_DASHBOARD_STORE', 'GECKOBOARD_API_KEY'],
    },
  },
});

export default fleet;
