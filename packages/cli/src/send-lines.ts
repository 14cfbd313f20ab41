/**
 * Sends a job for each JSON line, in batches: the next one is read when the last one is in the queue, so memory stays
 * flat however many lines come.
 */
import { LongshoreError, parsePayload, type JobDefinition } from '@longshore/job';
import { jsonLines, type JsonLine } from './json-lines.ts';

/** Options of {@link sendLines}. */
export interface SendLinesOptions {
  readonly definition: JobDefinition;
  readonly input: AsyncIterable<Uint8Array>;
  /** Stops between two batches. */
  readonly signal: AbortSignal;
  /** Sends one job; resolves with its id when the queue has it. Called for a whole batch at a time. */
  readonly send: (payload: unknown) => Promise<string>;
  /** Called in the order of the lines. */
  readonly onSent: (id: string) => void;
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
 * @throws LongshoreError `invalid_payload` at a bad line, or what `send` throws; says how many jobs were sent and from
 *   which line to go on.
 */
export async function sendLines(options: SendLinesOptions): Promise<SentLines> {
  const { input, signal } = options;
  const run = new Run(options);
  try {
    for await (const line of jsonLines(input)) {
      await run.take(line);
      if (signal.aborted) break;
    }
  } catch (error) {
    // Destroying the input is how an interruption ends the wait for a next line; a bad line ends it too. What was read
    // before is good.
    await run.flush();
    if (!signal.aborted) throw run.explained(error);
  }
  await run.flush();
  return run;
}

class Run implements SentLines {
  sent = 0;
  nextLine = 1;
  readonly #options: SendLinesOptions;
  #batch: JsonLine[] = [];

  constructor(options: SendLinesOptions) {
    this.#options = options;
  }

  async take({ line, value }: JsonLine): Promise<void> {
    const parsed = await parsePayload(this.#options.definition, value);
    if (!parsed.ok) {
      const details = { ...parsed.error.details, line };
      throw new LongshoreError('invalid_payload', `Line ${line}: ${parsed.error.message}`, { details });
    }
    this.#batch.push({ line, value });
    if (this.#batch.length >= BATCH_JOBS) await this.flush();
  }

  async flush(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    const results = await Promise.allSettled(batch.map(({ value }) => this.#options.send(value)));
    const failed: { readonly line: number; readonly reason: unknown }[] = [];
    for (const [index, result] of results.entries()) {
      const { line } = batch[index] ?? { line: 0 };
      if (result.status === 'rejected') failed.push({ line, reason: result.reason });
      else this.#options.onSent(result.value);
    }
    this.sent += batch.length - failed.length;
    const first = failed[0];
    this.nextLine = first?.line ?? (batch.at(-1)?.line ?? this.nextLine - 1) + 1;
    if (first !== undefined)
      throw this.#notSent(
        first,
        failed.map(({ line }) => line),
        batch.at(-1)?.line ?? 0,
      );
  }

  /** The error with what a person needs to go on. */
  explained(error: unknown): unknown {
    if (!(error instanceof LongshoreError) || error.details['nextLine'] !== undefined) return error;
    const { code, message, details, retryable, cause } = error;
    const rest =
      this.sent === 0
        ? 'nothing was enqueued'
        : `${count(this.sent)} enqueued before it, go on from line ${this.nextLine}`;
    return new LongshoreError(code, `${message}; ${rest}`, {
      cause,
      retryable,
      details: { ...details, sent: this.sent, nextLine: this.nextLine },
    });
  }

  #notSent(
    { line, reason }: { line: number; reason: unknown },
    lines: readonly number[],
    lastLine: number,
  ): LongshoreError {
    const { message, code, retryable } =
      reason instanceof LongshoreError
        ? reason
        : { message: String(reason), code: 'enqueue_failed' as const, retryable: false };
    const which = lines.length === 1 ? `line ${line} was` : `lines ${lines.join(', ')} were`;
    const text = `${message}; ${which} not enqueued, ${count(this.sent)}: repeat ${lines.length === 1 ? 'it' : 'them'} and go on from line ${lastLine + 1}`;
    return new LongshoreError(code, text, {
      cause: reason,
      retryable,
      details: { sent: this.sent, failedLines: lines.map(String), nextLine: lastLine + 1 },
    });
  }
}

function count(jobs: number): string {
  return jobs === 1 ? '1 job was' : `${jobs} jobs were`;
}
