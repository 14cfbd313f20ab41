/**
 * Sends a job for each JSON line, in order and in batches: the next batch is read when the last one is in the queue, so
 * memory stays flat however many lines come.
 */
import { LongshoreError, parsePayload, type JobDefinition } from '@longshore/job';
import { jsonLines } from './json-lines.ts';

/** Options of {@link sendLines}. */
export interface SendLinesOptions {
  readonly definition: JobDefinition;
  readonly input: AsyncIterable<Uint8Array>;
  /** Stops between two batches. */
  readonly signal: AbortSignal;
  /** Sends payloads; resolves with the jobs' ids when the queue has them all, in order. */
  readonly send: (payloads: readonly unknown[]) => Promise<readonly string[]>;
  readonly onSent: (ids: readonly string[]) => void;
}

/** How far it came. */
export interface SentLines {
  readonly sent: number;
  /** The first line that was not sent. */
  readonly nextLine: number;
}

/** Ten full SQS batches: enough to keep several in flight, small enough that ids appear soon. */
const BATCH_JOBS = 100;

/**
 * Sends them all, or all before the first bad line.
 *
 * @throws LongshoreError `invalid_payload` with the line, after everything before it was sent; or what `send` throws.
 */
export async function sendLines({
  definition,
  input,
  signal,
  send,
  onSent,
}: SendLinesOptions): Promise<SentLines> {
  let sent = 0;
  let nextLine = 1;
  let batch: unknown[] = [];
  let lastLine = 0;
  const flush = async (): Promise<void> => {
    if (batch.length > 0) onSent(await send(batch));
    sent += batch.length;
    nextLine = lastLine + 1;
    batch = [];
  };
  try {
    for await (const { line, value } of jsonLines(input)) {
      const parsed = await parsePayload(definition, value);
      if (!parsed.ok)
        throw new LongshoreError('invalid_payload', `Line ${line}: ${parsed.error.message}`, {
          details: { ...parsed.error.details, line },
        });
      batch.push(value);
      lastLine = line;
      if (batch.length >= BATCH_JOBS) await flush();
      if (signal.aborted) break;
    }
    await flush();
  } catch (error) {
    // Destroying the input is how an interruption ends a wait for the next line.
    if (signal.aborted) return { sent, nextLine };
    if (!(error instanceof LongshoreError) || error.code !== 'invalid_payload')
      throw withProgress(error, sent, nextLine);
    await flush();
    throw withProgress(error, sent, nextLine);
  }
  return { sent, nextLine };
}

function withProgress(error: unknown, sent: number, nextLine: number): unknown {
  if (!(error instanceof LongshoreError)) return error;
  const { code, message, details, retryable } = error;
  const progress =
    sent === 0 ? 'nothing was enqueued' : `${sent} jobs were enqueued, go on from line ${nextLine}`;
  return new LongshoreError(code, `${message}; ${progress}`, {
    cause: error,
    retryable,
    details: { ...details, sent, nextLine },
  });
}
