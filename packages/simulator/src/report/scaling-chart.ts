/** What one service's autoscaler did, as one SVG file: the tasks it asked for, those that ran, and the queue below them. */
import { LongshoreError } from '@longshore/job';
import { clockTicks, valueAxis } from './axis.ts';
import { plotStyle } from './chart-style.ts';
import { escapeMarkup } from './markup.ts';
import { countText } from './number-text.ts';
import { GUTTER_PX, panelHeight, panelSvg, plotHeight, PLOT_COLUMNS, RIGHT_PX, type Panel } from './panel.ts';
import { stepArea, stepColumns, stepPath, type PathScale, type StepColumn } from './step-columns.ts';

/** One decision. */
export interface ScalingPoint {
  /** Unix milliseconds. */
  readonly atMs: number;
  /** Tasks asked for from here on. */
  readonly desired: number;
  /** Tasks that run; absent where they could not be observed: the last known count is drawn on. */
  readonly running?: number;
  /** Waiting jobs; absent where the queue could not be measured. */
  readonly backlog?: number;
}

/** Pixels of the file's own coordinates; it is shown in any size. */
const WIDTH = 640;
const TASKS_PX = 150;
const BACKLOG_PX = 90;
const HEAD_PX = 44;
const CAPTION_PX = 22;
/** A single decision is drawn this wide. */
const LEAST_SPAN_MS = 60_000;

/**
 * Draws decisions of one service.
 *
 * @param points Oldest first.
 * @returns The text of an `.svg` file, times in UTC, light or dark by the reader's setting.
 * @throws LongshoreError `invalid_options` when there is no point, times descend, or a count is no number from 0.
 */
export function scalingChart(service: string, points: readonly ScalingPoint[]): string {
  checkPoints(service, points);
  const startMs = points[0]?.atMs ?? 0;
  const spanMs = Math.max((points.at(-1)?.atMs ?? 0) - startMs, LEAST_SPAN_MS);
  const list = (values: readonly number[]): readonly StepColumn[] =>
    stepColumns({
      at: (index) =>
        Math.min((((points[index]?.atMs ?? startMs) - startMs) / spanMs) * PLOT_COLUMNS, PLOT_COLUMNS - 1),
      values,
    });
  const desired = points.map((point) => point.desired);
  const running = heldOver(points.map((point) => point.running));
  const backlog = heldOver(points.map((point) => point.backlog));
  const time = { spanSeconds: spanMs / 1000, ticks: clockTicks(startMs, spanMs / 1000) };
  const tasks = tasksPanel({ desired, running, list, time });
  const queue = backlogPanel({ backlog, list, time }, HEAD_PX + panelHeight(tasks) + CAPTION_PX);
  const height = HEAD_PX + panelHeight(tasks) + CAPTION_PX + panelHeight(queue) + 4;
  const dates = [startMs, startMs + spanMs].map((ms) =>
    new Date(ms).toISOString().slice(0, 16).replace('T', ' '),
  );
  const title = `Scaling of ${service}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="title desc">
<title id="title">${escapeMarkup(title)}</title>
<desc id="desc">${escapeMarkup(`${countText(points.length)} decisions from ${dates.join(' to ')} UTC. ${tasks.description}. ${queue.description}.`)}</desc>
<style>${plotStyle()}
.head{font:600 14px system-ui,sans-serif;fill:var(--text)}</style>
<rect width="${WIDTH}" height="${height}" fill="var(--page)"/>
<text class="head" x="8" y="18">${escapeMarkup(title)}</text>
<text x="${WIDTH - RIGHT_PX}" y="18" text-anchor="end">${dates.join(' to ')} UTC</text>
<path class="running" d="M8 34H36"/><text x="42" y="38">tasks that run</text>
<path class="desired" d="M150 34H178"/><text x="184" y="38">tasks asked for</text>
${panelSvg(tasks)}
<text x="8" y="${HEAD_PX + panelHeight(tasks) + 14}">jobs that wait</text>
${panelSvg(queue)}
</svg>
`;
}

interface Drawing {
  readonly list: (values: readonly number[]) => readonly StepColumn[];
  readonly time: Panel['time'];
}

function tasksPanel({
  desired,
  running,
  list,
  time,
}: Drawing & { readonly desired: readonly number[]; readonly running: readonly number[] }): Panel {
  const axis = valueAxis(Math.max(most(desired), most(running)));
  const scale: PathScale = { end: PLOT_COLUMNS, height: plotHeight(TASKS_PX), top: axis.top };
  return {
    id: 'tasks',
    title: 'Tasks',
    description: `Up to ${countText(most(desired))} tasks are asked for and up to ${countText(most(running))} run`,
    heightPx: TASKS_PX,
    axis,
    time,
    place: { x: GUTTER_PX, y: HEAD_PX, width: WIDTH - GUTTER_PX - RIGHT_PX },
    layers: [
      `<path class="running" d="${stepPath(list(running), scale)}"/>`,
      `<path class="desired" d="${stepPath(list(desired), scale)}"/>`,
    ],
  };
}

function backlogPanel(
  { backlog, list, time }: Drawing & { readonly backlog: readonly number[] },
  y: number,
): Panel {
  const axis = valueAxis(most(backlog));
  const scale: PathScale = { end: PLOT_COLUMNS, height: plotHeight(BACKLOG_PX), top: axis.top };
  return {
    id: 'backlog',
    title: 'Backlog',
    description: `Up to ${countText(most(backlog))} jobs wait`,
    heightPx: BACKLOG_PX,
    axis,
    time,
    hasTimeLabels: true,
    place: { x: GUTTER_PX, y, width: WIDTH - GUTTER_PX - RIGHT_PX },
    layers: [`<path class="arrivals" d="${stepArea(list(backlog), scale)}"/>`],
  };
}

/** Values with the last known one in place of those that are missing; 0 before the first. */
function heldOver(values: readonly (number | undefined)[]): readonly number[] {
  let last = 0;
  return values.map((value) => (last = value ?? last));
}

function most(values: readonly number[]): number {
  return values.reduce((highest, value) => Math.max(highest, value), 0);
}

function checkPoints(service: string, points: readonly ScalingPoint[]): void {
  const fault = (what: string): LongshoreError =>
    new LongshoreError('invalid_options', `Cannot draw the scaling of "${service}": ${what}`, {
      details: { service },
    });
  if (points.length === 0) throw fault('there is no decision in this time, ask for a longer one');
  for (const [index, { atMs, desired, running = 0, backlog = 0 }] of points.entries()) {
    if (!Number.isFinite(atMs))
      throw fault(`the time of decision ${index} is ${atMs}, expected milliseconds`);
    if (atMs < (points[index - 1]?.atMs ?? atMs))
      throw fault(`decision ${index} is older than the one before it`);
    for (const [name, value] of Object.entries({ desired, running, backlog })) {
      if (!(Number.isFinite(value) && value >= 0))
        throw fault(`${name} of decision ${index} is ${value}, expected a number from 0`);
    }
  }
}
