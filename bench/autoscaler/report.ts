/** Comparisons as text. */
import type { SimulationResult } from '@longshore/simulator';

/** All policies on one trace. */
export interface Comparison {
  readonly trace: string;
  readonly reference: SimulationResult;
  readonly results: readonly SimulationResult[];
  /** Task-seconds of the jobs themselves. */
  readonly work: number;
}

const HEADINGS = ['policy', 'late %', 'cost', 'killed', 'changes/day', 'p50 s', 'p99 s', 'peak'];

/** One trace. Cost is relative to the clairvoyant reference. */
export function comparisonTable({ trace, reference, results, work }: Comparison): string {
  const bound = (work / reference.taskSeconds).toFixed(2);
  const title = `${trace}: ${reference.jobs.toLocaleString('en-US')} jobs; the reference keeps slots busy for ${bound} of its cost, ${percent(reference)} % late`;
  const rows = results.map((result) => [
    result.policy,
    percent(result),
    (result.taskSeconds / reference.taskSeconds).toFixed(2),
    String(result.killedBusy),
    (result.actions / result.days).toFixed(0),
    result.p50WaitSeconds.toFixed(0),
    result.p99WaitSeconds.toFixed(0),
    String(result.peakTasks),
  ]);
  return `${title}\n${table([HEADINGS, ...rows])}\n`;
}

/** All traces: geometric mean and worst cost, mean and worst lateness. */
export function summaryTable(comparisons: readonly Comparison[]): string {
  const policies = [...new Set(comparisons.flatMap(({ results }) => results.map(({ policy }) => policy)))];
  const rows = policies.map((policy) => {
    const runs = comparisons.flatMap(({ reference, results }) =>
      results
        .filter((result) => result.policy === policy)
        .map((result) => ({ result, cost: result.taskSeconds / reference.taskSeconds })),
    );
    const late = runs.map(({ result }) => (100 * result.late) / result.jobs);
    const mean = (values: readonly number[]): number =>
      values.reduce((sum, value) => sum + value, 0) / values.length;
    return [
      policy,
      Math.exp(mean(runs.map(({ cost }) => Math.log(cost)))).toFixed(3),
      Math.max(...runs.map(({ cost }) => cost)).toFixed(2),
      mean(late).toFixed(3),
      Math.max(...late).toFixed(3),
      String(runs.reduce((sum, { result }) => sum + result.killedBusy, 0)),
      mean(runs.map(({ result }) => result.actions / result.days)).toFixed(0),
    ];
  });
  const headings = ['policy', 'cost', 'worst', 'late %', 'worst', 'killed', 'changes/day'];
  return `${comparisons.length} traces\n${table([headings, ...rows])}\n`;
}

function percent({ late, jobs }: SimulationResult): string {
  return ((100 * late) / jobs).toFixed(3);
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  );
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
