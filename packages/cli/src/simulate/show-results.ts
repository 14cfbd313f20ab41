/** What came of a simulation: a table with a line of advice, JSON for programs, and a page with charts where one is wanted. */
import { writeFile } from 'node:fs/promises';
import { LongshoreError } from '@longshore/job';
import {
  advice,
  resultChart,
  resultJson,
  resultTable,
  type Advice,
  type ResultTable,
  type SimulationResult,
} from '@longshore/simulator';
import { table, type Cell } from '../terminal/table.ts';
import type { Screen, Terminal } from '../terminal/terminal.ts';
import { wrap } from '../terminal/text-width.ts';
import { REFERENCE } from './chosen-policies.ts';
import { startupP90, type World } from './simulated-world.ts';

/** Where results go. */
export interface ShowOptions {
  /** Absolute path of the page. Default: none is written. */
  readonly chart: string | undefined;
  readonly json: boolean;
  readonly terminal: Terminal;
}

/** Shows them. @throws LongshoreError `invalid_options` when the page cannot be written. */
export async function showResults(
  results: readonly SimulationResult[],
  { scenario, percentile }: World,
  { chart, json, terminal }: ShowOptions,
): Promise<void> {
  const { objectiveSeconds, maxTasks } = scenario;
  const startupSeconds = startupP90(scenario);
  const reference = REFERENCE;
  const given = advice(results, { reference, objectiveSeconds, percentile, startupSeconds, maxTasks });
  if (chart !== undefined)
    await writeChart(
      chart,
      resultChart(results, { reference, objectiveSeconds, percentile, note: given.text }),
    );
  if (json) {
    const trace = results[0]?.trace;
    terminal.json({
      trace,
      objectiveS: objectiveSeconds,
      results: resultJson(results, reference),
      advice: given,
    });
    return;
  }
  terminal.data.write(tableText(resultTable(results, reference), percentile, terminal));
  terminal.data.write(`\n${adviceText(given, terminal.data)}`);
  if (chart !== undefined) terminal.write(terminal.style.dim(`Charts: ${chart}\n`));
}

function tableText({ columns, rows }: ResultTable, percentile: number, { data }: Terminal): string {
  const cells = rows.map(({ cells: texts, isReference, lateShare }) =>
    texts.map((text, column): Cell => {
      if (isReference) return { text, paint: data.style.dim };
      const isLate = columns[column]?.header === 'late' && lateShare > 1 - percentile / 100;
      return isLate ? { text, paint: data.style.red } : text;
    }),
  );
  return table(
    columns.map(({ header, align }) => ({ header: header.toUpperCase(), align })),
    cells,
    data,
  );
}

/** One line where it is piped; on a terminal broken at words. */
function adviceText({ kind, text }: Advice, { style, columns }: Screen): string {
  const paint = kind === 'holds' ? style.green : style.yellow;
  return wrap(text, columns)
    .map((line) => `${paint(line)}\n`)
    .join('');
}

async function writeChart(path: string, page: string): Promise<void> {
  try {
    await writeFile(path, page);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new LongshoreError(
      'invalid_options',
      `Cannot write the chart to "${path}": ${reason} (check --chart)`,
      {
        cause: error,
        details: { path },
      },
    );
  }
}
