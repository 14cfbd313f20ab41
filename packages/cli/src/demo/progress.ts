/**
 * The demo's progress: a block of lines that is redrawn on a terminal, one plain line now and then elsewhere. Pure text
 * from a snapshot; drawing is the last step.
 */
import { formatDuration } from '@longshore/job';
import type { Terminal } from '../terminal/terminal.ts';

/** One queue at a moment. */
export interface QueueProgress {
  readonly name: string;
  readonly queued: number;
  readonly inFlight: number;
  readonly done: number;
  readonly failed: number;
  readonly workers: number;
}

/** The run at a moment. */
export interface ProgressSnapshot {
  readonly queues: readonly QueueProgress[];
  readonly documents: number;
  /** Documents that reached an outcome. */
  readonly ended: number;
  readonly pages: number;
  readonly elapsedMs: number;
  /** Documents that this run had to do, and how many of them it has done: what the rate is made of. */
  readonly toDo: number;
  readonly didNow: number;
  readonly pagesNow: number;
}

/** Shows progress. */
export interface ProgressDisplay {
  show(snapshot: ProgressSnapshot): void;
  /** Prints a line that stays, above the block. */
  note(line: string): void;
  /** Leaves the last state on the screen. */
  end(): void;
}

const BAR_WIDTH = 24;
const PLAIN_EVERY_MS = 2_000;

/** A display on a terminal's message stream. */
export function progressDisplay(terminal: Terminal): ProgressDisplay {
  return terminal.isInteractive ? liveDisplay(terminal) : plainDisplay(terminal);
}

function liveDisplay(terminal: Terminal): ProgressDisplay {
  let drawn = 0;
  let last: readonly string[] = [];
  const draw = (lines: readonly string[]): void => {
    const up = drawn > 0 ? `\u001B[${drawn}A` : '';
    terminal.write(`${up}${lines.map((line) => `\u001B[2K${line}\n`).join('')}`);
    drawn = lines.length;
  };
  return {
    show(snapshot) {
      last = progressLines(snapshot, terminal);
      draw(last);
    },
    note(line) {
      if (drawn > 0) terminal.write(`\u001B[${drawn}A\u001B[0J`);
      drawn = 0;
      terminal.write(`${line}\n`);
      if (last.length > 0) draw(last);
    },
    end() {
      drawn = 0;
    },
  };
}

function plainDisplay(terminal: Terminal): ProgressDisplay {
  let lastAtMs = Number.NEGATIVE_INFINITY;
  let lastLine = '';
  return {
    show(snapshot) {
      if (snapshot.elapsedMs - lastAtMs < PLAIN_EVERY_MS) return;
      const line = plainLine(snapshot);
      if (line === lastLine) return;
      lastAtMs = snapshot.elapsedMs;
      lastLine = line;
      terminal.write(`${line}\n`);
    },
    note: (line) => terminal.write(`${line}\n`),
    end: () => undefined,
  };
}

/** The block of lines for a terminal. */
function progressLines(snapshot: ProgressSnapshot, terminal: Pick<Terminal, 'style' | 'columns'>): string[] {
  const { style, columns } = terminal;
  const width = Math.max(...snapshot.queues.map((queue) => queue.name.length));
  const queues = snapshot.queues.map((queue) => {
    const failed =
      queue.failed === 0
        ? style.dim(`failed ${pad(queue.failed)}`)
        : style.red(`failed ${pad(queue.failed)}`);
    const workers = `${queue.workers} ${queue.workers === 1 ? 'worker ' : 'workers'}`;
    return `  ${queue.name.padEnd(width)}  queued ${pad(queue.queued)}  in flight ${pad(queue.inFlight)}  ${style.green(`done ${pad(queue.done)}`)}  ${failed}  ${style.cyan(workers)}`;
  });
  const share = snapshot.documents === 0 ? 1 : snapshot.ended / snapshot.documents;
  const filled = Math.round(share * BAR_WIDTH);
  const bar = style.green('█'.repeat(filled)) + style.dim('░'.repeat(BAR_WIDTH - filled));
  const tail = `${snapshot.ended}/${snapshot.documents} documents  ${rates(snapshot)}`;
  // On a narrow terminal a line that wraps would break the redraw.
  return columns < 90 ? [plainLine(snapshot).slice(0, columns - 1)] : [...queues, `  ${bar}  ${tail}`];
}

/** One line without colour. */
function plainLine(snapshot: ProgressSnapshot): string {
  const queues = snapshot.queues.map(
    ({ name, queued, inFlight, done, failed, workers }) =>
      `${name}: ${queued} queued, ${inFlight} in flight, ${done} done, ${failed} failed, ${workers} workers`,
  );
  return `${snapshot.ended}/${snapshot.documents} documents, ${rates(snapshot)} | ${queues.join(' | ')}`;
}

function rates({ didNow, toDo, pagesNow, elapsedMs }: ProgressSnapshot): string {
  const seconds = elapsedMs / 1_000;
  if (didNow === 0 || seconds <= 0) return 'starting';
  const perSecond = didNow / seconds;
  const left = toDo - didNow;
  const end = left <= 0 ? '' : `, about ${formatDuration((left / perSecond) * 1_000)} left`;
  return `${perSecond.toFixed(1)} documents/s, ${(pagesNow / seconds).toFixed(1)} pages/s${end}`;
}

function pad(value: number): string {
  return String(value).padStart(5);
}
