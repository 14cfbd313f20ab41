/** A row as an annotation of Grafana: its time, its words, and the tags by which it is found again. */
import { createHash } from 'node:crypto';
import { rowKey } from '../checked-sink.ts';
import type { Dataset, Row } from '../dashboard-sink.ts';
import { instantOf } from '../served/row-table.ts';

/** What is sent. */
export interface Annotation {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly text: string;
  readonly tags: readonly string[];
}

/** All of ours have it, so that a query of Grafana finds them. */
const OUR_TAG = 'longshore';

/** The field that says when an event was: what orders the rows, else the first moment among the fields. */
export function timeField({ fields, deleteBy }: Dataset): string | undefined {
  return (
    deleteBy ??
    Object.keys(fields).find((id) => fields[id]?.type === 'datetime' && fields[id].optional !== true) ??
    Object.keys(fields).find((id) => fields[id]?.type === 'date' && fields[id].optional !== true)
  );
}

/** The annotation of a row. */
export function annotationOf(dataset: Dataset, time: string, row: Row): Annotation {
  const told = Object.entries(dataset.fields).filter(([id]) => id !== time && row[id] !== null);
  return {
    time: instantOf(row, time),
    text: told.map(([id, { name }]) => `${name}: ${row[id]}`).join('\n'),
    tags: [...datasetTags(dataset.id), rowTag(dataset, row)],
  };
}

/** The tags of all annotations of a dataset. */
export function datasetTags(id: string): readonly string[] {
  return [OUR_TAG, id];
}

/** The tag of one row, whatever its values: short, because Grafana keeps 100 characters of a tag. */
export function rowTag(dataset: Dataset, row: Row): string {
  const digest = createHash('sha256').update(JSON.stringify([dataset.id, rowKey(dataset, row)]));
  return `row-${digest.digest('hex').slice(0, 24)}`;
}
