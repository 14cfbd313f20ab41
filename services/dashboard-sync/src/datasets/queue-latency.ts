/** The dataset "Queue latency": how long documents waited for a worker, and how long their extraction took. */
import type { CountDocument } from '../count-document.ts';
import type { Row } from '../dashboard-sink.ts';
import { hourOf } from './hour.ts';
import { bucketOf, percentileOf } from './latency-histogram.ts';
import type { Counters, TalliedDataset } from './tallied-dataset.ts';

const FIELDS = [
  ['waited', 50],
  ['waited', 95],
  ['waited', 99],
  ['extracted', 50],
  ['extracted', 95],
] as const;
const TITLES = { waited: 'Time in queue', extracted: 'Extraction' } as const;

/** Percentiles by the hour in which the documents were done; each is at most 9 % off. */
export const queueLatency: TalliedDataset<CountDocument> = {
  dataset: {
    id: 'longshore.queue-latency',
    fields: {
      hour: { type: 'datetime', name: 'Hour' },
      documents: { type: 'number', name: 'Documents' },
      ...Object.fromEntries(
        FIELDS.map(([what, percentile]) => [
          `${what}_p${percentile}`,
          { type: 'duration', name: `${TITLES[what]}, p${percentile}`, timeUnit: 'milliseconds' },
        ]),
      ),
    },
    uniqueBy: ['hour'],
    deleteBy: 'hour',
  },
  tally({ finishedAt, waitedMs, extractMs }) {
    return {
      key: hourOf(finishedAt),
      add: { documents: 1, [`waited.${bucketOf(waitedMs)}`]: 1, [`extracted.${bucketOf(extractMs)}`]: 1 },
    };
  },
  row(key, counters): Row {
    const row: Record<string, string | number> = { hour: key, documents: counters['documents'] ?? 0 };
    for (const [what, percentile] of FIELDS)
      row[`${what}_p${percentile}`] = Math.round(percentileOf(bucketsOf(counters, what), percentile) ?? 0);
    return row;
  },
};

function bucketsOf(counters: Counters, what: string): ReadonlyMap<number, number> {
  const prefix = `${what}.`;
  return new Map(
    Object.entries(counters)
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, count]) => [Number(name.slice(prefix.length)), count]),
  );
}
