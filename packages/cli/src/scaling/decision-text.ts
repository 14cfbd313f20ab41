/** Decisions for people. Times are UTC, as in the sentences of the autoscaler. */
import { formatDuration } from '@longshore/job';
import type { Pin, PinFacts } from '@longshore/autoscaler';
import type { Screen } from '../terminal/terminal.ts';
import { printable, textWidth, wrap } from '../terminal/text-width.ts';
import type { RecordedDecision } from './recorded-decision.ts';

type TextScreen = Pick<Screen, 'style' | 'columns' | 'isTerminal'>;

const DAY_MS = 86_400_000;
/** A sentence beside the other columns needs so much; on a narrower terminal it is left to wrap by itself. */
const LEAST_SENTENCE_COLUMNS = 32;
/** A controller that decides is heard of every few seconds. */
const SILENT_AFTER_MS = 120_000;

/** One decision: time, service, count, sentence. */
export function decisionLine(
  decision: RecordedDecision,
  { serviceColumns, nowMs, screen }: { serviceColumns: number; nowMs: number; screen: TextScreen },
): string {
  const { style } = screen;
  const { service, desired, before, isChange, atMs } = decision;
  const time = screen.isTerminal ? clock(atMs, nowMs) : new Date(atMs).toISOString();
  const name = printable(service);
  const isMove = isChange && before !== undefined;
  const change = isMove ? `${before} → ${desired}` : String(desired);
  const paint = !isMove ? style.dim : desired > before ? style.green : style.cyan;
  const head = `${style.dim(time)}  ${name}${' '.repeat(Math.max(0, serviceColumns - textWidth(name)))}  ${paint(change.padEnd(9))}  `;
  const indent = textWidth(time) + 2 + Math.max(serviceColumns, textWidth(name)) + 2 + 9 + 2;
  const room = screen.columns - indent;
  const sentence = `${sentenceOf(decision)}${modeText(decision)}`;
  if (room < LEAST_SENTENCE_COLUMNS || !Number.isFinite(room)) return `${head}${sentence}\n`;
  return `${head}${wrap(sentence, room).join(`\n${' '.repeat(indent)}`)}\n`;
}

/** Why a service has the count that it has. */
export interface Explanation {
  readonly decision: RecordedDecision;
  /** The last change of the count, where there was one in the records. */
  readonly lastChange: RecordedDecision | undefined;
}

/** The explanation at length. */
export function explanationText(
  { decision, lastChange }: Explanation,
  nowMs: number,
  screen: TextScreen,
): string {
  const { style } = screen;
  const { service, desired, atMs } = decision;
  const ageMs = Math.max(0, nowMs - atMs);
  const head = `${style.bold(`${printable(service)}: ${desired} ${desired === 1 ? 'task' : 'tasks'}`)}  ${style.dim(`decided at ${clock(atMs, nowMs)}, ${formatDuration(ageMs)} ago${modeText(decision)}`)}`;
  const stale =
    ageMs > SILENT_AFTER_MS
      ? [style.yellow('No decision since then: does the autoscaler run, and does it record to this ledger?')]
      : [];
  const sections: readonly (readonly [string, readonly (readonly [string, string])[]])[] = [
    ['What was seen', seen(decision)],
    ['What it needs', needs(decision)],
    ['What holds the count', held(decision, nowMs)],
    [
      'Last change',
      lastChange === undefined
        ? [['none', 'in the records']]
        : [
            [
              `${lastChange.before ?? '?'} → ${lastChange.desired}`,
              `at ${clock(lastChange.atMs, nowMs)}: ${sentenceOf(lastChange)}`,
            ],
          ],
    ],
  ];
  const body = sections
    .filter(([, rows]) => rows.length > 0)
    .map(([title, rows]) => `${style.bold(title)}\n${rowsText(rows, screen)}`);
  const sentence = wrap(sentenceOf(decision), Math.min(screen.columns, 100)).join('\n');
  return `${[head, ...stale].join('\n')}\n${sentence}\n\n${body.join('\n')}`;
}

type Rows = readonly (readonly [name: string, text: string])[];

function seen({ inputs, isServiceMeasured, shortage }: RecordedDecision): Rows {
  const { backlog, oldestWaitMs, inFlight, delayed, running, pending, draining } = inputs;
  const { busyTasks, busySlots, latestPerSecond, serviceMs, startupMs } = inputs;
  const started = [
    ...amount(running, 'running'),
    ...amount(pending, 'starting'),
    ...(draining === undefined || draining === 0 ? [] : amount(draining, 'draining')),
    ...amount(busyTasks, 'busy'),
    ...(busySlots === undefined ? [] : [`${count(busySlots)} jobs in them`]),
  ];
  return rowsOf({
    waiting:
      backlog === undefined
        ? 'not measured'
        : `${count(backlog)} jobs${oldestWaitMs === undefined || backlog === 0 ? '' : `, oldest ${formatDuration(oldestWaitMs)}`}`,
    'in flight': inFlight === undefined ? undefined : `${count(inFlight)} jobs`,
    delayed: delayed === undefined || delayed === 0 ? undefined : `${count(delayed)} jobs that are not due`,
    tasks: started.length === 0 ? 'not observed' : started.join(', '),
    arriving: latestPerSecond === undefined ? undefined : `${rate(latestPerSecond)} lately`,
    'a job takes':
      serviceMs === undefined
        ? undefined
        : `${formatDuration(serviceMs)}, ${isServiceMeasured ? 'as workers measure it' : 'as configured: nothing is measured yet'}`,
    'a task starts in': startupMs === undefined ? undefined : formatDuration(startupMs),
    missing: shortage,
  });
}

function needs({ inputs }: RecordedDecision): Rows {
  const { timeInQueueMs, margin, arrivalsPerSecond, persistence, projectedBacklog } = inputs;
  const { needed, enough, recommended } = inputs;
  return rowsOf({
    objective:
      timeInQueueMs === undefined
        ? undefined
        : `jobs wait at most ${formatDuration(timeInQueueMs)}${margin === undefined || margin >= 1 ? '' : `; planned for ${Math.round(margin * 100)} % of the usual share after near misses`}`,
    forecast:
      arrivalsPerSecond === undefined
        ? undefined
        : `${rate(arrivalsPerSecond)} until new tasks could work${persistence === undefined || persistence >= 1 ? '' : `; ${Math.round(persistence * 100)} % of the latest deviation is expected to last`}`,
    'backlog by then':
      projectedBacklog === undefined ? undefined : `${count(Math.round(projectedBacklog))} jobs`,
    'fewest in time': needed === undefined ? undefined : tasks(needed),
    'enough for minutes': enough === undefined ? undefined : tasks(enough),
    recommended: recommended === undefined ? undefined : `${tasks(recommended)}, by demand alone`,
  });
}

function held({ limits, events, desired, inputs, pin }: RecordedDecision, nowMs: number): Rows {
  const rows = limits.map(
    (limit) => [limit.replaceAll('_', ' '), LIMIT_TEXTS[limit] ?? 'a limit of a newer version'] as const,
  );
  const none: Rows =
    rows.length === 0
      ? [
          [
            'no limit',
            inputs['recommended'] === desired ? 'the count is what demand asks for' : 'none was recorded',
          ],
        ]
      : [];
  return [
    ...rows,
    ...none,
    ...events.map((event) => ['event', event] as const),
    ...(pin === undefined ? [] : [['pin', pinText(pin, nowMs)] as const]),
  ];
}

const LIMIT_TEXTS: Readonly<Record<string, string>> = {
  min: 'the fewest tasks of the fleet file',
  max: 'the most tasks of the fleet file',
  step: 'the most tasks added or taken away at a time',
  budget: 'the task-hours of the day',
  pinned: 'an operator pinned the count',
  pool: 'the pool that the services share has no room for more',
  calendar: 'a known event keeps tasks',
  hold_window: 'more was recommended a moment ago; scale-in waits',
  busy_tasks: 'tasks with work stay',
  not_idle: 'not idle for long enough to go to zero',
  deployment: 'a deployment is being rolled out: no scale-in',
  no_capacity: 'the tasks asked for earlier do not come up; asking for more would not help',
  no_metric: 'the queue or the tasks could not be measured, so nothing changes',
  stale_metric: 'what is known is too old, so nothing changes',
  invalid_metric: 'what was measured cannot be, so nothing changes',
};

/** `10 tasks until 2026-11-23 18:00Z (2h left), by ada: launch day`. */
export function pinText(
  { tasks: pinned, untilMs, by, note }: PinFacts & Pick<Pin, 'note'>,
  nowMs: number,
): string {
  const reason = note === undefined ? '' : `: ${printable(note)}`;
  return `${tasks(pinned)} until ${minute(untilMs)} (${formatDuration(Math.max(0, untilMs - nowMs))} left), by ${printable(by)}${reason}`;
}

/** `2026-11-23 18:00Z`. */
export function minute(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 16).replace('T', ' ')}Z`;
}

/** The autoscaler's sentence without what the columns before it say already. */
function sentenceOf({ service, reason }: RecordedDecision): string {
  const text = printable(reason);
  const end = text.indexOf(': ');
  return text.startsWith(`${printable(service)} `) && end !== -1 ? text.slice(end + 2) : text;
}

function modeText({ mode }: RecordedDecision): string {
  return mode === undefined || mode === 'apply' ? '' : ` (${printable(mode)}: not carried out)`;
}

function clock(atMs: number, nowMs: number): string {
  const text = new Date(atMs).toISOString();
  const isToday = text.slice(0, 10) === new Date(nowMs).toISOString().slice(0, 10) && nowMs - atMs < DAY_MS;
  return `${isToday ? '' : `${text.slice(5, 10)} `}${text.slice(11, 19)}Z`;
}

function rowsText(rows: Rows, { style, columns }: TextScreen): string {
  const left = Math.max(...rows.map(([name]) => textWidth(name)));
  return rows
    .flatMap(([name, text]) => {
      const [first = '', ...rest] = wrap(text, Math.max(30, Math.min(columns, 100) - left - 4));
      const lines = [
        `  ${style.dim(name.padEnd(left))}  ${first}`,
        ...rest.map((line) => `${' '.repeat(left + 4)}${line}`),
      ];
      return lines.map((line) => `${line}\n`);
    })
    .join('');
}

function rowsOf(rows: Readonly<Record<string, string | undefined>>): Rows {
  return Object.entries(rows).flatMap(([name, text]) =>
    text === undefined ? [] : [[name, printable(text)] as const],
  );
}

function amount(value: number | undefined, what: string): string[] {
  return value === undefined ? [] : [`${count(value)} ${what}`];
}

function tasks(value: number): string {
  const rounded = Math.round(value * 10) / 10;
  return `${count(rounded)} ${rounded === 1 ? 'task' : 'tasks'}`;
}

function count(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 1 });
}

function rate(perSecond: number): string {
  return `${perSecond >= 100 ? count(Math.round(perSecond)) : String(Number(perSecond.toPrecision(2)))}/s`;
}
