/** Dead letters as the `dlq` commands choose and show them. */
import { formatDuration, type AttemptRecord } from '@longshore/job';
import type { DeadLetter } from '@longshore/queue';
import type { Screen } from './terminal/terminal.ts';
import { table } from './terminal/table.ts';
import { printable } from './terminal/text-width.ts';

type LetterScreen = Pick<Screen, 'style' | 'columns'>;

/** Which letters a command is about. What is absent or empty excludes nothing. */
export interface LetterFilter {
  readonly job?: string | undefined;
  readonly code?: string | undefined;
  /** Whole job or message ids. */
  readonly ids?: readonly string[];
}

/** Dead letters looked at in one go: each is held back for up to a minute meanwhile, and kept in memory. */
export const MAX_LETTERS = 10_000;

/** Whether a letter passes. */
export function isSelected(letter: DeadLetter, { job, code, ids = [] }: LetterFilter): boolean {
  if (job !== undefined && letter.jobName !== job) return false;
  if (code !== undefined && letter.code !== code) return false;
  return ids.length === 0 || ids.some((id) => id === letter.jobId || id === letter.messageId);
}

/** What a person calls a letter: the job's id, or the message's where the body is no job. */
export function letterId({ jobId, messageId }: DeadLetter): string {
  return jobId ?? messageId;
}

/** Letters whose job or message id is this text, else those whose id starts with it (a cut id from the table will do). */
export function lettersNamed(letters: readonly DeadLetter[], id: string): readonly DeadLetter[] {
  const start = id.replace(/…$/, '');
  const idsOf = ({ jobId, messageId }: DeadLetter): string[] => [
    ...(jobId === undefined ? [] : [jobId]),
    messageId,
  ];
  const exact = letters.filter((letter) => idsOf(letter).includes(id));
  return exact.length > 0
    ? exact
    : letters.filter((letter) => idsOf(letter).some((each) => each.startsWith(start)));
}

/** One line a letter. */
export function lettersTable(letters: readonly DeadLetter[], nowMs: number, screen: LetterScreen): string {
  const { style } = screen;
  return table(
    // A job id starts with its time of creation to the millisecond, so its first 13 characters tell jobs apart.
    [
      { header: 'ID', minColumns: 14 },
      { header: 'JOB', minColumns: 12 },
      { header: 'CODE' },
      { header: 'TRIES', align: 'right' },
      { header: 'AGE', align: 'right' },
      { header: 'REASON', minColumns: 20 },
    ],
    letters.map((letter) => [
      letterId(letter),
      letter.jobName ?? { text: 'not a job', paint: style.dim },
      { text: letter.code, paint: style.red },
      String(letter.attempts.length),
      age(letter, nowMs),
      letter.reason,
    ]),
    screen,
  );
}

/** Everything about one letter. `payload` is JSON text on several lines, or the raw body. */
export function letterText(
  letter: DeadLetter,
  payload: string,
  nowMs: number,
  { style }: LetterScreen,
): string {
  const facts: readonly (readonly [string, string])[] = [
    ['Job', letter.jobName ?? 'not a job that Longshore enqueued'],
    ['Job id', letter.jobId ?? '-'],
    ['Message id', letter.messageId],
    ['Buried', `${new Date(letter.buriedAtMs).toISOString()}, ${age(letter, nowMs)} ago`],
    ['Code', style.red(printable(letter.code))],
    [
      'Reason',
      letter.reason
        .split('\n')
        .map(printable)
        .join(`\n${' '.repeat(12)}`),
    ],
  ];
  const attempts = letter.attempts.flatMap((attempt) => attemptLines(attempt, style));
  const sections = [
    facts.map(
      ([name, value]) =>
        `${style.dim(name.padEnd(10))}  ${name === 'Reason' || name === 'Code' ? value : printable(value)}`,
    ),
    [style.bold(`Attempts (${letter.attempts.length})`), ...attempts],
    [style.bold('Payload'), ...payload.split('\n').map((line) => `  ${indented(line)}`)],
  ];
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function attemptLines(attempt: AttemptRecord, style: Screen['style']): string[] {
  const { receive, kind, code, message, host, atMs, stack } = attempt;
  const head = `  receive ${receive}  ${kind}  ${style.red(printable(code))}  ${style.dim(`${new Date(atMs).toISOString()} on ${printable(host)}`)}`;
  // A stack opens with the message.
  const body = (stack ?? message)
    .split('\n')
    .map((line, index) => (index === 0 ? `    ${printable(line)}` : style.dim(`    ${indented(line)}`)));
  return [head, ...body];
}

function age({ buriedAtMs }: DeadLetter, nowMs: number): string {
  return formatDuration(Math.max(0, nowMs - buriedAtMs));
}

function indented(line: string): string {
  const text = line.trimStart();
  return ' '.repeat(line.length - text.length) + printable(text);
}
