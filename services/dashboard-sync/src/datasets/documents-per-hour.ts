/** The dataset "Documents per hour": how many documents came to which outcome, with their pages and words. */
import type { CountDocument } from '../count-document.ts';
import { hourOf } from './hour.ts';
import type { TalliedDataset } from './tallied-dataset.ts';

/** Documents by the hour in which they were done, and outcome: `extracted`, or the code of the rejection. */
export const documentsPerHour: TalliedDataset<CountDocument> = {
  dataset: {
    id: 'longshore.documents-per-hour',
    fields: {
      hour: { type: 'datetime', name: 'Hour' },
      outcome: { type: 'string', name: 'Outcome' },
      documents: { type: 'number', name: 'Documents' },
      pages: { type: 'number', name: 'Pages' },
      words: { type: 'number', name: 'Words' },
    },
    uniqueBy: ['hour', 'outcome'],
    deleteBy: 'hour',
  },
  tally({ finishedAt, outcome, code, pages, words }) {
    const key = `${hourOf(finishedAt)} ${outcome === 'extracted' ? outcome : (code ?? outcome)}`;
    return { key, add: { documents: 1, pages, words } };
  },
  row(key, { documents = 0, pages = 0, words = 0 }) {
    const [hour = '', outcome = ''] = key.split(' ');
    return { hour, outcome, documents, pages, words };
  },
};
