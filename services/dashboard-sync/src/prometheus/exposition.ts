/** Prometheus' text exposition format 0.0.4. https://prometheus.io/docs/instrumenting/exposition_formats/ */
import type { Row } from '../dashboard-sink.ts';
import { instantOf, type Table } from '../served/row-table.ts';
import { PUSHED_METRIC, type DatasetPlan } from './metric-plan.ts';

/** A dataset with its plan. */
export interface PlannedTable {
  readonly table: Table;
  readonly plan: DatasetPlan;
}

/** The content type that scrapers are told. */
export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** All gauges of all datasets. A value that is `null` has no sample. */
export function exposition(tables: readonly PlannedTable[]): string {
  const lines = tables.flatMap(datasetLines);
  const pushed = tables.flatMap(({ table: { dataset, pushedAtMs } }) =>
    pushedAtMs === undefined ? [] : [sample(PUSHED_METRIC, [['dataset', dataset.id]], pushedAtMs / 1_000)],
  );
  if (pushed.length > 0) lines.push(...head(PUSHED_METRIC, 'When a dataset was last pushed here'), ...pushed);
  return lines.map((line) => `${line}\n`).join('');
}

function datasetLines({ table, plan }: PlannedTable): string[] {
  const rows = latestRows(table.rows, plan);
  return plan.metrics.flatMap(({ name, help, field, factor }) => {
    const samples = rows.flatMap((row) => {
      const value = row[field];
      const labels = plan.labels.map((id) => [id, String(row[id])] as const);
      return typeof value === 'number' ? [sample(name, labels, value * factor)] : [];
    });
    return samples.length === 0 ? [] : [...head(name, help), ...samples];
  });
}

/** Of rows with the same labels, the one of the latest time. */
function latestRows(rows: readonly Row[], { labels, times }: DatasetPlan): readonly Row[] {
  const latest = new Map<string, Row>();
  for (const row of rows) {
    const key = JSON.stringify(labels.map((id) => row[id]));
    const known = latest.get(key);
    if (known === undefined || !isEarlier(row, known, times)) latest.set(key, row);
  }
  return [...latest.values()];
}

function isEarlier(row: Row, than: Row, times: readonly string[]): boolean {
  for (const id of times) {
    const difference = instantOf(row, id) - instantOf(than, id);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

function head(name: string, help: string): readonly string[] {
  return [`# HELP ${name} ${escaped(help)}`, `# TYPE ${name} gauge`];
}

function sample(name: string, labels: readonly (readonly [string, string])[], value: number): string {
  const inner = labels.map(([id, text]) => `${id}="${escaped(text).replaceAll('"', '\\"')}"`).join(',');
  return `${name}${inner === '' ? '' : `{${inner}}`} ${value}`;
}

/** As HELP wants it; label values want their quotes escaped too. */
function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
