/**
 * The two streams of a command: data goes to stdout, messages to stderr. Each has its own width and palette, since one
 * may be a terminal while the other is a pipe.
 *
 * A reader that goes away (`longshore status --watch | head`) closes the output and ends no command midway.
 */
import { createStyle, wantsColour, type ColourEnvironment, type Style } from './style.ts';

/** One stream as a command sees it. */
export interface Screen {
  /** Writes text as it is; ends no line by itself. */
  write(text: string): void;
  readonly style: Style;
  /** Columns; `Infinity` where the stream is no terminal, so that nothing is cut. */
  readonly columns: number;
  readonly isTerminal: boolean;
}

/** What a command writes to. It is itself the screen of messages (stderr). */
export interface Terminal extends Screen {
  /** Data: what a caller would pipe on (stdout). */
  readonly data: Screen;
  /** Whether a person watches and can answer: messages and input are a terminal that can redraw lines. */
  readonly isInteractive: boolean;
  /** Aborts when nobody reads the data any more. */
  readonly outputClosed: AbortSignal;
  /** Writes one value as one line of JSON to stdout. */
  json(value: unknown): void;
}

/** The part of a stream that a terminal uses: `process.stdout`, or a test's own. */
export interface OutputStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
  on?(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown;
}

/** Options of {@link createTerminal}. */
export interface TerminalOptions {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Where answers come from. Default: none are asked for, so stderr alone decides about `isInteractive`. */
  readonly stdin?: { readonly isTTY?: boolean };
  /** `NO_COLOR`, `FORCE_COLOR` and `TERM` are read. */
  readonly env: ColourEnvironment;
  /** A write failed for another reason than a reader that left, for instance a full disk. */
  readonly onWriteError?: (error: Error) => void;
}

/** A terminal over two streams. */
export function createTerminal({ stdout, stderr, stdin, env, onWriteError }: TerminalOptions): Terminal {
  const closed = new AbortController();
  const data = screen(stdout, env, closed.signal);
  const messages = screen(stderr, env);
  for (const stream of [stdout, stderr]) {
    stream.on?.('error', (error) => {
      if (error.code !== 'EPIPE') onWriteError?.(error);
      else if (stream === stdout) closed.abort();
    });
  }
  const answers = stdin === undefined || stdin.isTTY === true;
  return {
    write: (text) => messages.write(text),
    style: messages.style,
    get columns() {
      return messages.columns;
    },
    isTerminal: messages.isTerminal,
    data,
    isInteractive: messages.isTerminal && answers && env['TERM'] !== 'dumb',
    outputClosed: closed.signal,
    json: (value) => data.write(`${JSON.stringify(value)}\n`),
  };
}

function screen(stream: OutputStream, env: ColourEnvironment, closed?: AbortSignal): Screen {
  const isTerminal = stream.isTTY === true;
  return {
    write(text) {
      if (closed?.aborted !== true) stream.write(text);
    },
    style: createStyle(wantsColour(isTerminal, env)),
    get columns() {
      // Asked each time: the window may have been resized since.
      return isTerminal && (stream.columns ?? 0) > 0 ? (stream.columns ?? 0) : Number.POSITIVE_INFINITY;
    },
    isTerminal,
  };
}
