/**
 * Damaged and hostile documents, one after the other, while a sound document is read again and again beside them: each
 * must end within its budget and with a reason, and none may harm the worker or its neighbour.
 */
import { DEFAULT_LIMITS } from '@longshore/service-pdf-extraction';
import { startSubject } from './measured-process.ts';
import { watchPeakMemory } from './peak-memory.ts';
import type { Read, Subject } from './subject.ts';

/** What was found. */
export interface Hostility {
  readonly hostile: number;
  /** Documents that were read, or failed for a reason that has a code. */
  readonly hostileTyped: number;
  readonly hostileRead: number;
  readonly workerDeaths: number;
  /** Documents beyond their time, and children beyond their memory by more than a tenth. */
  readonly overBudget: number;
  readonly neighbours: number;
  readonly neighboursFailed: number;
  readonly peakChildMB: number;
  readonly codes: Readonly<Record<string, number>>;
  readonly slowest: readonly { readonly file: string; readonly ms: number; readonly failure?: string }[];
}

const CODES = new Set(['encrypted', 'corrupt', 'too_large', 'timed_out', 'out_of_memory', 'engine_crashed']);
const MEMORY_BYTES = DEFAULT_LIMITS.memoryBytes * 1.1;
/** Beyond a document's own limits: a start of a child, and the fallback's turn. */
const SLACK_MS = 10_000;
const GIVE_UP_MS = 30_000;
const MB = 1e6;

/** Runs them all. */
export async function measureHostility(
  files: readonly string[],
  neighbour: string,
  onProgress: (line: string) => void,
): Promise<Hostility> {
  const findings: Finding[] = [];
  const beside: boolean[] = [];
  const peaks: number[] = [];
  let workerDeaths = 0;
  while (findings.length < files.length) {
    await using subject = await startSubject('extractor-entry.ts', { children: 2 });
    using memory = watchPeakMemory(subject.pid);
    const done = new AbortController();
    const company = accompany(subject, neighbour, done.signal, beside);
    const [death] = await Promise.allSettled([
      readAll(subject, files.slice(findings.length), (finding) => {
        findings.push(finding);
        if (findings.length % 50 === 0) onProgress(`${findings.length} of ${files.length} hostile documents`);
      }),
    ]);
    if (death.status === 'rejected') {
      const file = files[findings.length] ?? '';
      workerDeaths += 1;
      onProgress(`${file}: ${String(death.reason)}`);
      findings.push({ file, ms: 0, failure: 'worker died', isLate: false });
    }
    done.abort();
    await company;
    peaks.push(...memory.descendants());
  }
  return summary(findings, { workerDeaths, beside, peaks });
}

async function readAll(
  subject: Subject,
  files: readonly string[],
  onFinding: (finding: Finding) => void,
): Promise<void> {
  for (const file of files) onFinding(await judged(subject, file));
}

interface Finding extends Pick<Read, 'file' | 'ms' | 'failure'> {
  readonly isLate: boolean;
}

async function judged(subject: Subject, file: string): Promise<Finding> {
  const { pageMs, documentMs } = DEFAULT_LIMITS;
  const giveUp = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => giveUp.resolve(undefined), documentMs + GIVE_UP_MS);
  const report = await Promise.race([subject.run({ files: [file] }), giveUp.promise]);
  clearTimeout(timer);
  const read = report?.reads[0];
  if (read === undefined) return { file, ms: documentMs + GIVE_UP_MS, failure: 'hangs', isLate: true };
  // One that delivers no page has the time of one page, with each engine that it is given to.
  const budgetMs = Math.min(documentMs, pageMs * (read.pages + 1)) * 2 + SLACK_MS;
  return { ...read, isLate: read.ms > budgetMs };
}

/** Reads the neighbour until it is told to stop. */
async function accompany(
  subject: Subject,
  file: string,
  signal: AbortSignal,
  results: boolean[],
): Promise<void> {
  while (!signal.aborted) {
    const report = await subject.run({ files: [file] }).catch(() => undefined);
    const read = report?.reads[0];
    results.push(read !== undefined && read.failure === undefined && read.pages === read.pagesExpected);
    if (report === undefined) return;
  }
}

function summary(
  findings: readonly Finding[],
  seen: {
    readonly workerDeaths: number;
    readonly beside: readonly boolean[];
    readonly peaks: readonly number[];
  },
): Hostility {
  const codes: Record<string, number> = {};
  for (const { failure = 'read' } of findings) codes[failure] = (codes[failure] ?? 0) + 1;
  const late = findings.filter(({ isLate }) => isLate).length;
  return {
    hostile: findings.length,
    hostileTyped: findings.filter(({ failure }) => failure === undefined || CODES.has(failure)).length,
    hostileRead: codes['read'] ?? 0,
    workerDeaths: seen.workerDeaths,
    overBudget: late + seen.peaks.filter((bytes) => bytes > MEMORY_BYTES).length,
    neighbours: seen.beside.length,
    neighboursFailed: seen.beside.filter((isWell) => !isWell).length,
    peakChildMB: Math.round(Math.max(0, ...seen.peaks) / MB),
    codes,
    slowest: findings
      .toSorted((a, b) => b.ms - a.ms)
      .slice(0, 8)
      .map(({ file, ms, failure }) => ({
        file,
        ms: Math.round(ms),
        ...(failure === undefined ? {} : { failure }),
      })),
  };
}
