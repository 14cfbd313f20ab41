/** The datasets of the fleet itself. */
import type { CountDocument } from '../count-document.ts';
import { documentsPerHour } from './documents-per-hour.ts';
import { queueLatency } from './queue-latency.ts';
import type { TalliedDataset } from './tallied-dataset.ts';

/** Documents per hour, and queue latency. */
export const shippedDatasets: readonly TalliedDataset<CountDocument>[] = [documentsPerHour, queueLatency];
