/** The end of a demo run: figures as data, and as text for people. */
import type { Terminal } from '../terminal/terminal.ts';
import type { DocumentFile } from './find-documents.ts';
import type { DocumentOutcome } from './outcomes.ts';

/** The result of a run, the one line that `--json` prints. */
export interface DemoResult {
  readonly documents: number;
  /** Documents whose text was extracted, in this run or an earlier one. */
  readonly extracted: number;
  readonly indexed: number;
  readonly failed: readonly { readonly file: string; readonly code: string; readonly reason: string }[];
  readonly pages: number;
  readonly seconds: number;
  /** Documents without any outcome although the queues are empty. */
  readonly lost: number;
  /** Extraction jobs that were completed more often than there were documents to complete. */
  readonly duplicates: number;
  /** Most worker processes at one time. */
  readonly peakWorkers: number;
}

/** What the text shows beside the result. */
export interface SummaryDetails {
  readonly words: number;
  readonly scanned: readonly string[];
  /** Documents whose outcome an earlier run had already reached. */
  readonly known: number;
  readonly textsFolder: string;
  /** Pages extracted in this run. */
  readonly pagesNow: number;
}

/** Figures of a run. */
export function demoResult(
  files: readonly DocumentFile[],
  outcomes: ReadonlyMap<string, DocumentOutcome>,
  run: {
    readonly elapsedMs: number;
    readonly duplicates: number;
    readonly peakWorkers: number;
    readonly isInterrupted: boolean;
  },
): DemoResult {
  const each = files.map((file) => ({ file, outcome: outcomes.get(file.sha256) }));
  const ended = each.filter(
    ({ outcome }) => outcome?.state === 'indexed' || outcome?.state === 'failed',
  ).length;
  return {
    documents: files.length,
    extracted: each.filter(({ outcome }) => outcome?.state === 'indexed' || outcome?.state === 'extracted')
      .length,
    indexed: each.filter(({ outcome }) => outcome?.state === 'indexed').length,
    failed: each.flatMap(({ file, outcome }) =>
      outcome?.state === 'failed'
        ? [{ file: file.name, code: outcome.code ?? 'failed', reason: outcome.reason ?? '' }]
        : [],
    ),
    pages: each.reduce((sum, { outcome }) => sum + (outcome?.pages ?? 0), 0),
    seconds: Math.round(run.elapsedMs / 10) / 100,
    // What an interrupted run left waits in the queues; it is not lost.
    lost: run.isInterrupted ? 0 : files.length - ended,
    duplicates: run.duplicates,
    peakWorkers: run.peakWorkers,
  };
}

/** The text for people. */
export function summaryText(
  result: DemoResult,
  details: SummaryDetails,
  terminal: Pick<Terminal, 'style'>,
): string {
  const { style } = terminal;
  const perSecond = result.seconds > 0 ? details.pagesNow / result.seconds : 0;
  const lines = [
    '',
    style.bold(
      `${result.documents} documents, ${result.pages} pages, ${details.words} words in ${result.seconds} s`,
    ) + (details.pagesNow > 0 ? `  (${perSecond.toFixed(1)} pages per second)` : ''),
    `  ${style.green(`${result.indexed} indexed`)}, ${result.failed.length} failed, ${result.lost} lost, at most ${result.peakWorkers} worker processes`,
  ];
  if (details.known > 0) lines.push(`  ${details.known} were known from an earlier run and not done again`);
  if (details.scanned.length > 0)
    lines.push(`  ${details.scanned.length} without a text layer (scanned): ${shorten(details.scanned)}`);
  if (result.failed.length > 0) {
    lines.push('', 'Failed:');
    const shown = result.failed.slice(0, MAX_FAILURES);
    for (const { file, code, reason } of shown)
      lines.push(`  ${style.red(code.padEnd(12))} ${file}: ${reason}`);
    if (result.failed.length > shown.length)
      lines.push(
        `  … and ${result.failed.length - shown.length} more: npx pnpm longshore dlq list pdf-extraction`,
      );
  }
  lines.push('', `Extracted texts: ${details.textsFolder}`);
  return lines.join('\n');
}

const MAX_FAILURES = 20;

function shorten(names: readonly string[]): string {
  return names.length <= 5 ? names.join(', ') : `${names.slice(0, 5).join(', ')} …`;
}
