/** Results as rows of text: what a terminal and a page show alike. Who shows them aligns and paints them. */
import type { SimulationResult } from '../result.ts';
import { comparedResults, type ComparedResult } from './compared-results.ts';
import { countText, percentText, ratioText, secondsText } from './number-text.ts';

/** A column of a {@link ResultTable}. */
export interface ResultColumn {
  readonly header: string;
  readonly align: 'left' | 'right';
  /** What the figure is, in a sentence. */
  readonly meaning: string;
}

/** A table with one row a policy. */
export interface ResultTable {
  readonly columns: readonly ResultColumn[];
  readonly rows: readonly ResultRow[];
}

/** One policy. */
export interface ResultRow {
  readonly policy: string;
  readonly isReference: boolean;
  /** Share of late jobs, 0 to 1. */
  readonly lateShare: number;
  /** One text a column. */
  readonly cells: readonly string[];
}

interface Figure extends ResultColumn {
  readonly text: (compared: ComparedResult) => string;
}

const FIGURES: readonly Figure[] = [
  {
    header: 'policy',
    align: 'left',
    meaning: 'The scaling policy',
    text: ({ result }) => result.policy,
  },
  {
    header: 'late',
    align: 'right',
    meaning: 'Share of jobs that waited longer than the objective',
    text: ({ lateShare }) => percentText(lateShare),
  },
  {
    header: 'cost',
    align: 'right',
    meaning: 'Billed task time as a multiple of what a policy would need that knows the future',
    text: ({ costVsReference }) => ratioText(costVsReference),
  },
  {
    header: 'killed',
    align: 'right',
    meaning: 'Jobs that were running when their task was taken away',
    text: ({ result }) => countText(result.killedBusy),
  },
  {
    header: 'changes/day',
    align: 'right',
    meaning: 'Changes of the desired count in a day',
    text: ({ actionsPerDay }) => countText(actionsPerDay),
  },
  {
    header: 'p50 wait',
    align: 'right',
    meaning: 'Half of the jobs waited at most so long',
    text: ({ result }) => (result.jobs === 0 ? '–' : secondsText(result.p50WaitSeconds)),
  },
  {
    header: 'p99 wait',
    align: 'right',
    meaning: '99 of 100 jobs waited at most so long',
    text: ({ result }) => (result.jobs === 0 ? '–' : secondsText(result.p99WaitSeconds)),
  },
  {
    header: 'peak tasks',
    align: 'right',
    meaning: 'Most tasks at a time',
    text: ({ result }) => countText(result.peakTasks),
  },
];

/**
 * The table of the results, in their order: late share, cost against the reference, killed jobs, changes a day, waits and
 * the most tasks.
 *
 * @param reference Name of the clairvoyant policy, which must be among the results.
 * @throws LongshoreError `invalid_options` when results cannot be compared or a figure is impossible.
 */
export function resultTable(results: readonly SimulationResult[], reference: string): ResultTable {
  return {
    columns: FIGURES.map(({ header, align, meaning }) => ({ header, align, meaning })),
    rows: comparedResults(results, reference).map((compared) => ({
      policy: compared.result.policy,
      isReference: compared.isReference,
      lateShare: compared.lateShare,
      cells: FIGURES.map(({ text }) => text(compared)),
    })),
  };
}
