/**
 * How a dataset reads as Prometheus metrics: numeric fields are gauges in base units, string fields of the key are
 * labels. https://prometheus.io/docs/practices/naming/
 */
import type { Dataset, Field } from '../dashboard-sink.ts';

/** A gauge. */
export interface MetricPlan {
  readonly name: string;
  readonly help: string;
  /** The field whose value it has. */
  readonly field: string;
  /** What a value is multiplied by, to be in the base unit. */
  readonly factor: number;
}

/** The metrics of a dataset, or why there cannot be any. */
export interface DatasetPlan {
  readonly metrics: readonly MetricPlan[];
  /** String fields of the key. */
  readonly labels: readonly string[];
  /** Date and datetime fields of the key: of rows that differ in these alone, the latest is shown. */
  readonly times: readonly string[];
  readonly faults: readonly string[];
}

/** Tells when a dataset was last pushed, so that an alert can tell old values from new ones. */
export const PUSHED_METRIC = 'longshore_dashboard_pushed_timestamp_seconds';

const SECONDS_PER = { milliseconds: 0.001, seconds: 1, minutes: 60, hours: 3_600 };
/** Of the text format 0.0.4, without the colon, which is for recording rules. */
const METRIC_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Plans a dataset. `taken` are the names of other datasets' metrics, with who has them. */
export function planMetrics(dataset: Dataset, taken: ReadonlyMap<string, string>): DatasetPlan {
  const { id, fields, uniqueBy } = dataset;
  const metrics = Object.entries(fields).flatMap(([field, shape]) => planField(id, field, shape));
  const typed = (types: readonly string[]): readonly string[] =>
    uniqueBy.filter((field) => types.includes(fields[field]?.type ?? ''));
  return {
    metrics,
    labels: typed(['string']),
    times: typed(['date', 'datetime']),
    faults: planFaults(metrics, taken),
  };
}

function planField(id: string, field: string, { type, name, timeUnit, currencyCode }: Field): MetricPlan[] {
  const base = `${id}_${field}`.replaceAll(/[.-]/g, '_');
  const plan = (unit: string, factor = 1): MetricPlan[] => [
    { name: base.endsWith(unit) ? base : `${base}${unit}`, help: `${name} (dataset ${id})`, field, factor },
  ];
  switch (type) {
    case 'number':
      return plan('');
    case 'percentage':
      return plan('_ratio');
    case 'money':
      return plan(`_${(currencyCode ?? '').toLowerCase()}`);
    case 'duration':
      return plan('_seconds', SECONDS_PER[timeUnit ?? 'seconds']);
    case 'string':
    case 'date':
    case 'datetime':
      return [];
  }
}

function planFaults(metrics: readonly MetricPlan[], taken: ReadonlyMap<string, string>): readonly string[] {
  if (metrics.length === 0) return ['no field is a number, so that there is nothing to measure'];
  const own = new Map<string, string>();
  return metrics.flatMap(({ name, field }) => {
    const owner = taken.get(name) ?? own.get(name);
    own.set(name, `field "${field}"`);
    if (!METRIC_NAME.test(name))
      return [`field "${field}" would be metric "${name}", which begins with a digit; rename the dataset`];
    if (owner !== undefined)
      return [`field "${field}" would be metric "${name}", which ${owner} is already; rename one of them`];
    return [];
  });
}
