/**
 * A log of JSON lines on standard error, one object a line: time, level, message, fields. What a container's log driver
 * takes; small on purpose, since a logging library costs an idle worker an eighth of its memory. Any logger with pino's
 * methods can be used instead.
 */
import type { Logger } from './handler.ts';

/** How important a line is; `silent` writes none. */
export type LogLevel = (typeof LEVELS)[number] | 'silent';

/** Options of {@link jsonLog}. */
export interface JsonLogOptions {
  /** The least important level that is written. Default `info`. */
  readonly level?: LogLevel;
  /** On every line. */
  readonly fields?: object;
  /** Takes a line with its end. Default: standard error. */
  readonly write?: (line: string) => void;
  /** Milliseconds since the epoch. Default `Date.now`. */
  readonly nowMs?: () => number;
}

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** A logger. Errors under `err` are written with their code, stack and causes. */
export function jsonLog(options: JsonLogOptions = {}): Logger {
  const { level = 'info', fields = {}, nowMs = Date.now } = options;
  const { write = (line: string) => void process.stderr.write(line) } = options;
  const from = level === 'silent' ? LEVELS.length : LEVELS.indexOf(level);
  const at =
    (name: (typeof LEVELS)[number]) =>
    (more: object, msg: string): void => {
      if (LEVELS.indexOf(name) < from) return;
      const time = new Date(nowMs()).toISOString();
      write(`${JSON.stringify({ time, level: name, msg, ...fields, ...more }, plain)}\n`);
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (more) => jsonLog({ ...options, fields: { ...fields, ...more } }),
  };
}

/** What JSON itself drops or refuses. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (!(value instanceof Error)) return value;
  const { name, message, stack, cause } = value;
  const { code } = value as { code?: unknown };
  return {
    name,
    message,
    ...(code === undefined ? {} : { code }),
    stack,
    ...(cause === undefined ? {} : { cause }),
  };
}
