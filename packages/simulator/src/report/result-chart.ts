/**
 * A simulation as one HTML page that needs nothing else: no script, no font, no address. Plots share their time axis;
 * every policy has its own, above one another, with the same scales, so that the eye compares.
 */
import { LongshoreError } from '@longshore/job';
import type { SimulationResult } from '../result.ts';
import { elapsedTicks, valueAxis, type ValueAxis } from './axis.ts';
import { lineClass, pageStyle, plotStyle } from './chart-style.ts';
import { comparedResults, type ComparedResult } from './compared-results.ts';
import { drawnResults, type DrawnList, type DrawnResult, type DrawnResults } from './drawn-series.ts';
import { escapeMarkup } from './markup.ts';
import { countText, percentText, ratioText, secondsText } from './number-text.ts';
import { panelSvg, plotHeight, PLOT_COLUMNS, type TimeAxis } from './panel.ts';
import { resultTable, type ResultTable } from './result-table.ts';
import { linePath, stepArea, stepPath } from './step-columns.ts';

/** Options of {@link resultChart}. */
export interface ChartOptions {
  /** Name of the clairvoyant policy, which must be among the results. */
  readonly reference: string;
  /** Longest wait that was asked for, above 0. */
  readonly objectiveSeconds: number;
  /** Jobs of this percentile must keep the objective, 0 to 100: later policies are marked in the table. Default 99. */
  readonly percentile?: number;
  /** A sentence that stands above everything, for instance the advice. */
  readonly note?: string;
}

/** Tasks are drawn up to this multiple of the reference's most: a policy that asks for all there is would flatten the rest. */
const MOST_TIMES_REFERENCE = 2;
const LEAST_TASKS_SHOWN = 4;
const TASKS_PX = 120;
const AGE_PX = 56;
const ARRIVALS_PX = 90;
const COST_PX = 220;

interface Page {
  readonly options: ChartOptions;
  readonly compared: readonly ComparedResult[];
  readonly drawn: DrawnResults;
  readonly reference: DrawnResult;
  readonly time: TimeAxis;
  readonly tasks: ValueAxis;
  readonly age: ValueAxis;
}

/**
 * The page: a table, arrivals, for every policy its tasks beside the clairvoyant's and the age of its oldest job, and the
 * cost so far of all. About 20 kB a policy, however long the trace is; a spike of one step is never lost.
 *
 * @param results Of one trace, each with its series.
 * @returns The text of an `.html` file, which is well-formed XML too.
 * @throws LongshoreError `invalid_options` when results cannot be compared, have no series, or hold an impossible value.
 */
export function resultChart(results: readonly SimulationResult[], options: ChartOptions): string {
  const page = preparedPage(results, options);
  const { jobs, trace } = page.reference.result;
  const title = `Scaling policies on trace ${trace}`;
  const lead = `${countText(jobs)} jobs; objective: a job waits at most ${secondsText(options.objectiveSeconds)}`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8" />
<meta name="viewport" content="width=device-width, initial-scale=1" />
<title>${escapeMarkup(title)}</title>
<style>
${plotStyle()}
${pageStyle()}
</style>
</head>
<body>
<main>
<h1>${escapeMarkup(title)}</h1>
<p class="muted">${escapeMarkup(lead)}</p>
${options.note === undefined ? '' : `<p class="advice">${escapeMarkup(options.note)}</p>`}
${tableHtml(resultTable(results, options.reference), options.percentile ?? 99)}
${arrivalsHtml(page)}
${policiesHtml(page)}
${costHtml(page)}
</main>
</body>
</html>
`;
}

function preparedPage(results: readonly SimulationResult[], options: ChartOptions): Page {
  const { objectiveSeconds } = options;
  if (!Number.isFinite(objectiveSeconds) || objectiveSeconds <= 0) {
    const message = `Cannot draw a chart: objectiveSeconds is ${objectiveSeconds}, expected a number above 0`;
    throw new LongshoreError('invalid_options', message);
  }
  const compared = comparedResults(results, options.reference);
  const drawn = drawnResults(results);
  const reference = drawn.results.find(({ result }) => result.policy === options.reference);
  if (reference === undefined) throw new Error('Compared results hold their reference');
  const highest = (list: (each: DrawnResult) => DrawnList): number =>
    Math.max(...drawn.results.map((each) => list(each).highest));
  return {
    options,
    compared,
    drawn,
    reference,
    time: { spanSeconds: drawn.spanSeconds, ticks: elapsedTicks(drawn.spanSeconds) },
    tasks: valueAxis(
      Math.min(
        Math.max(
          highest(({ running }) => running),
          highest(({ desired }) => desired),
        ),
        Math.max(MOST_TIMES_REFERENCE * reference.running.highest, LEAST_TASKS_SHOWN),
      ),
    ),
    age: ageAxis(
      objectiveSeconds,
      highest(({ oldestAgeSeconds }) => oldestAgeSeconds),
    ),
  };
}

/** Up to three objectives: how much too late matters less than when, and the longest wait stands in the caption. */
function ageAxis(objectiveSeconds: number, highest: number): ValueAxis {
  const top = objectiveSeconds * (highest > objectiveSeconds ? 3 : 1.5);
  const ticks = [0, objectiveSeconds, ...(highest > objectiveSeconds ? [top] : [])];
  return { top, ticks: ticks.map((value) => ({ value, label: secondsText(value) })) };
}

function tableHtml({ columns, rows }: ResultTable, percentile: number): string {
  const head = columns.map(({ header }) => `<th scope="col">${escapeMarkup(header)}</th>`).join('');
  const body = rows.map(({ cells, lateShare, isReference }) => {
    const [policy = '', ...figures] = cells;
    const late = lateShare > 1 - percentile / 100;
    const fields = figures.map((text, index) => {
      const isLate = late && columns[index + 1]?.header === 'late';
      return isLate ? `<td class="is-late">✗ ${escapeMarkup(text)}</td>` : `<td>${escapeMarkup(text)}</td>`;
    });
    const name = isReference ? `${policy} (reference)` : policy;
    return `<tr><th scope="row">${escapeMarkup(name)}</th>${fields.join('')}</tr>`;
  });
  const meanings = columns
    .slice(1)
    .map(({ header, meaning }) => `<dt>${escapeMarkup(header)}</dt><dd>${escapeMarkup(meaning)}</dd>`);
  return `<div class="over" role="region" aria-label="Figures of the policies" tabindex="0"><table>
<thead><tr>${head}</tr></thead>
<tbody>
${body.join('\n')}
</tbody>
</table></div>
<p class="muted">✗ more than ${countText(100 - percentile)} % of the jobs are late</p>
<details><summary>What the columns mean</summary><dl>${meanings.join('')}</dl></details>`;
}

function arrivalsHtml({ reference, time }: Page): string {
  const { arrivalsPerSecond, result } = reference;
  const axis = valueAxis(arrivalsPerSecond.highest);
  const scale = { end: arrivalsPerSecond.end, height: plotHeight(ARRIVALS_PX), top: axis.top };
  const description = `${countText(result.jobs)} jobs, at most ${countText(arrivalsPerSecond.highest)} a second`;
  const svg = panelSvg({
    id: 'arrivals',
    title: 'Jobs that arrive per second',
    description,
    heightPx: ARRIVALS_PX,
    axis,
    time,
    hasTimeLabels: true,
    layers: [`<path class="arrivals" d="${stepArea(arrivalsPerSecond.columns, scale)}"/>`],
  });
  return `<h2>Arrivals</h2>
<figure><figcaption><p>Jobs per second: ${description}</p></figcaption>
${svg}</figure>`;
}

function policiesHtml(page: Page): string {
  const { reference, tasks, options } = page;
  const bound = stepArea(reference.running.columns, {
    end: reference.running.end,
    height: plotHeight(TASKS_PX),
    top: tasks.top,
  });
  const legend = [
    ['<path class="running" d="M0 8H28"/>', 'tasks that run'],
    ['<path class="desired" d="M0 8H28"/>', 'tasks asked for'],
    [
      '<rect class="bound" y="2" width="28" height="12"/>',
      `tasks of ${options.reference}, which knows the future`,
    ],
    ['<path class="age" d="M0 14V8H28V14Z"/>', 'age of the oldest waiting job'],
    ['<path class="late" d="M0 14V2H28V14Z"/>', 'above the objective'],
    ['<path class="objective" d="M0 8H28"/>', `objective, ${secondsText(options.objectiveSeconds)}`],
  ] as const;
  const figures = page.drawn.results.map((each, index) => policyHtml(page, each, index));
  return `<h2>Tasks and waits of each policy</h2>
<svg class="shared" width="0" height="0" aria-hidden="true"><defs><path id="bound" d="${bound}"/></defs></svg>
<p class="muted">Drawn up to ${countText(tasks.top)} tasks and ${secondsText(page.age.top)} of age; each caption gives the highest.</p>
${legendHtml(legend)}
${figures.join('\n')}`;
}

function policyHtml(page: Page, each: DrawnResult, index: number): string {
  const compared = page.compared[index];
  const { policy, killedBusy, maxWaitSeconds, jobs, peakTasks } = each.result;
  const words = [
    `cost ${ratioText(compared?.costVsReference)}`,
    `${percentText(compared?.lateShare ?? 0)} late`,
    `longest wait ${jobs === 0 ? '–' : secondsText(maxWaitSeconds)}`,
    `${countText(killedBusy)} killed`,
    `${countText(peakTasks)} tasks at most`,
  ].join(' · ');
  return `<figure><figcaption><h3>${escapeMarkup(policy)}</h3><p>${words}</p></figcaption>
${tasksSvg(page, each, index)}
${ageSvg(page, each, index)}</figure>`;
}

function tasksSvg(
  { tasks, time, options }: Page,
  { result, running, desired }: DrawnResult,
  index: number,
): string {
  const scale = { height: plotHeight(TASKS_PX), top: tasks.top };
  return panelSvg({
    id: `tasks-${index}`,
    title: `Tasks of ${result.policy}`,
    description: `Up to ${countText(running.highest)} tasks run and up to ${countText(desired.highest)} are asked for, above the tasks of ${options.reference}`,
    heightPx: TASKS_PX,
    axis: tasks,
    time,
    layers: [
      '<use href="#bound" class="bound"/>',
      `<path class="desired" d="${stepPath(desired.columns, { ...scale, end: desired.end })}"/>`,
      `<path class="running" d="${stepPath(running.columns, { ...scale, end: running.end })}"/>`,
    ],
  });
}

function ageSvg(
  { age, time, options }: Page,
  { result, oldestAgeSeconds }: DrawnResult,
  index: number,
): string {
  const { objectiveSeconds } = options;
  const height = plotHeight(AGE_PX);
  const line = Math.round(height - (objectiveSeconds / age.top) * height);
  const area = stepArea(oldestAgeSeconds.columns, { end: oldestAgeSeconds.end, height, top: age.top });
  return panelSvg({
    id: `age-${index}`,
    title: `Age of the oldest job under ${result.policy}`,
    description: `The oldest waiting job is ${secondsText(oldestAgeSeconds.highest)} old at most; the objective is ${secondsText(objectiveSeconds)}`,
    heightPx: AGE_PX,
    axis: age,
    time,
    hasTimeLabels: true,
    layers: [
      `<defs><path id="age-path-${index}" d="${area}"/><clipPath id="above-${index}"><rect y="-2" width="${PLOT_COLUMNS}" height="${line + 2}"/></clipPath></defs>`,
      `<use href="#age-path-${index}" class="age"/>`,
      `<use href="#age-path-${index}" class="late" clip-path="url(#above-${index})"/>`,
      `<path class="objective" d="M0 ${line}H${PLOT_COLUMNS}"/>`,
    ],
  });
}

function costHtml({ drawn, compared, reference, time, options }: Page): string {
  const whole = reference.cumulativeTaskSeconds.highest;
  if (whole === 0)
    return '<h2>Cost so far</h2>\n<p>The reference billed no time, so there is nothing to compare with.</p>';
  const highest = Math.max(
    ...drawn.results.map(({ cumulativeTaskSeconds }) => cumulativeTaskSeconds.highest),
  );
  const axis = valueAxis(highest / whole, (value) => `${countText(value)}x`);
  const scale = { end: PLOT_COLUMNS, height: plotHeight(COST_PX), top: axis.top * whole };
  // Highest first, as the lines end.
  const order = drawn.results
    .map((each, index) => ({ each, index, ratio: each.cumulativeTaskSeconds.highest / whole }))
    .toSorted((one, other) => other.ratio - one.ratio);
  const svg = panelSvg({
    id: 'cost',
    title: 'Cost so far',
    description: order
      .map(({ each, ratio }) => `${each.result.policy} ends at ${ratioText(ratio)}`)
      .join(', '),
    heightPx: COST_PX,
    axis,
    time,
    hasTimeLabels: true,
    layers: order.map(
      ({ each, index }) =>
        `<path class="cost ${lineClass(index)}" d="${linePath(each.cumulativeTaskSeconds.columns, scale)}"/>`,
    ),
  });
  const legend = order.map(
    ({ each, index }) =>
      [
        `<path class="cost ${lineClass(index)}" d="M0 8H28"/>`,
        `${each.result.policy} ${ratioText(compared[index]?.costVsReference)}`,
      ] as const,
  );
  return `<h2>Cost so far</h2>
<figure><figcaption><p>Billed task time, where 1x is all that ${escapeMarkup(options.reference)} bills. From the highest to the lowest line:</p>
${legendHtml(legend)}</figcaption>
${svg}</figure>`;
}

function legendHtml(entries: readonly (readonly [sample: string, text: string])[]): string {
  const items = entries.map(
    ([sample, text]) =>
      `<li><svg width="28" height="16" aria-hidden="true">${sample}</svg>${escapeMarkup(text)}</li>`,
  );
  return `<ul class="legend">${items.join('')}</ul>`;
}
