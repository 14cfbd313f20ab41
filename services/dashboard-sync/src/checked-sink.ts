/**
 * What all sinks have in common, once: a dataset is refused at its definition, rows before anything is sent, and of rows
 * with the same key in one push only the last one goes out.
 */
import { LongshoreError } from '@longshore/job';
import type { DashboardSink, Dataset, Row } from './dashboard-sink.ts';
import { defineDataset, rowFaults } from './define-dataset.ts';

/** What is shown of a push with many faults. */
const SHOWN_FAULTS = 10;

/** The sink, its limits held. Whatever else it has, such as a port, stays. */
export function checkedSink<Sink extends DashboardSink>(sink: Sink): Sink {
  return {
    ...sink,
    async describe(dataset, options = {}) {
      options.signal?.throwIfAborted();
      await sink.describe(defineDataset(dataset, sink.limits), options);
    },
    async push(dataset, rows, mode, options = {}) {
      options.signal?.throwIfAborted();
      const faults = pushFaults(sink, dataset, rows);
      if (faults.length > 0) throw refusal(sink, dataset, faults);
      if (rows.length === 0 && mode === 'merge') return;
      const last = new Map(rows.map((row) => [rowKey(dataset, row), row]));
      await sink.push(dataset, [...last.values()], mode, options);
    },
    async remove(id, options = {}) {
      options.signal?.throwIfAborted();
      await sink.remove(id, options);
    },
  };
}

/** What tells a row from others of its dataset. */
export function rowKey({ uniqueBy }: Pick<Dataset, 'uniqueBy'>, row: Row): string {
  return JSON.stringify(uniqueBy.map((id) => row[id]));
}

function pushFaults({ limits }: DashboardSink, dataset: Dataset, rows: readonly Row[]): readonly string[] {
  const { rowsPerRequest = Infinity } = limits;
  if (rows.length > rowsPerRequest) return [`there are ${rows.length} rows, of at most ${rowsPerRequest}`];
  return rows.flatMap((row, index) =>
    rowFaults(dataset, row, limits).map((fault) => `row ${index}: ${fault}`),
  );
}

function refusal({ name }: DashboardSink, { id }: Dataset, faults: readonly string[]): LongshoreError {
  const shown = faults.slice(0, SHOWN_FAULTS).join('; ');
  const rest = faults.length > SHOWN_FAULTS ? ` and ${faults.length - SHOWN_FAULTS} more` : '';
  return new LongshoreError(
    'dashboard_refused',
    `Cannot push rows of "${id}" to ${name}: ${shown}${rest}; check rows with rowFaults as they come in`,
    { details: { faults } },
  );
}
