/** Prints a failure: for people on stderr, for programs as one JSON object on stdout. Says how the command ends. */
import type { ErrorDetails } from '@longshore/job';
import { EXIT_FAILED, EXIT_USAGE } from './exit-code.ts';
import type { Terminal } from './terminal/terminal.ts';
import { printable } from './terminal/text-width.ts';

/** What is known of a failure. */
export interface FailureReport {
  readonly code: string;
  readonly message: string;
  readonly details: ErrorDetails;
}

/** Codes that say: the call, the fleet file or a setting has to change before a next try. */
const USAGE_CODES = new Set([
  'invalid_options',
  'invalid_fleet',
  'invalid_payload',
  'invalid_query',
  'unknown_job',
  'unsupported',
]);
const MAX_CAUSES = 4;

/** Prints the failure and returns the exit code. */
export function reportError(error: unknown, terminal: Terminal, options: { readonly json: boolean }): number {
  const report = failureReport(error);
  if (options.json) terminal.json({ error: report });
  else terminal.write(failureText(error, report, terminal));
  return USAGE_CODES.has(report.code) ? EXIT_USAGE : EXIT_FAILED;
}

/**
 * Code, message and details of anything thrown. The class is recognised by its name, because a fleet file may bring its
 * own copy of `@longshore/job`.
 */
function failureReport(error: unknown): FailureReport {
  if (!(error instanceof Error)) return { code: 'unexpected', message: String(error), details: {} };
  if (error.name !== 'LongshoreError') return { code: 'unexpected', message: error.message, details: {} };
  const { code, message, details } = error as Error & {
    readonly code: string;
    readonly details: ErrorDetails;
  };
  return { code, message, details };
}

function failureText(error: unknown, report: FailureReport, { style }: Terminal): string {
  const [first = '', ...rest] = report.message.split('\n').map(printable);
  const lines = [`${style.red(style.bold('error'))} ${first} ${style.dim(`[${report.code}]`)}`, ...rest];
  for (const cause of causes(error)) {
    if (!report.message.includes(cause)) lines.push(style.dim(`  because: ${printable(cause)}`));
  }
  // A failure without a code is a defect of ours: the stack is what a report of it needs.
  if (report.code === 'unexpected' && error instanceof Error) lines.push(style.dim(error.stack ?? ''));
  return lines.map((line) => `${line}\n`).join('');
}

function causes(error: unknown): string[] {
  const messages: string[] = [];
  let current = error instanceof Error ? error.cause : undefined;
  while (current !== undefined && messages.length < MAX_CAUSES) {
    if (!(current instanceof Error)) break;
    messages.push(current.message);
    current = current.cause;
  }
  return messages;
}
