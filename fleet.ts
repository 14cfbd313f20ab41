/** The document fleet: PDFs become searchable text. Everything that runs it, from the terminal on, reads this. */
import { defineFleet, type Fleet } from '@longshore/fleet';

const fleet: Fleet = defineFleet({
  name: 'documents',
  queues: {
    'pdf-extraction': { jobs: ['extract-pdf', 'import-s3-event'], lease: '30s' },
    indexing: { jobs: ['index-document'], lease: '30s' },
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
  },
});

export default fleet;
