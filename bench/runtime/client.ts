/**
 * The measured side of a measurement: what every client process does alike. It counts what its handlers did, tells it
 * with its own CPU time when asked, and ends with its parent or after its lifetime, whatever its loops do.
 */

/** What a client says of itself when asked. CPU time is user and system, of all threads. */
export interface Reading {
  readonly handled: number;
  /** Sum of the waits that its finished handlers were told, ms. */
  readonly waitedMs: number;
  readonly cpuMicros: number;
  readonly atMs: number;
  readonly rssBytes: number;
}

/** What a client says unasked. */
export interface Notice {
  readonly notice: 'handling' | 'handled';
}

/** Counts and tells. */
export interface Client {
  /** One message is done, after the wait that it was told. */
  handled(waitMs: number): void;
  handledMany(count: number): void;
  /** Resolves when the parent has it, so also before a handler that blocks. */
  tell(notice: Notice['notice']): Promise<void>;
  /** Bounds loops: false once the process should be ending. */
  isOpen(): boolean;
}

/** No measurement takes longer; a client that is still here then has lost its parent. */
const LIFETIME_MS = 180_000;

/** Joins the parent. */
export function joinParent(): Client {
  let count = 0;
  let waitedMs = 0;
  let open = true;
  const end = (code: number): void => {
    open = false;
    process.exit(code);
  };
  process.once('disconnect', () => end(0));
  setTimeout(() => end(1), LIFETIME_MS).unref();
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    const reading: Reading = {
      handled: count,
      waitedMs,
      cpuMicros: user + system,
      atMs: performance.now(),
      rssBytes: process.memoryUsage.rss(),
    };
    process.send?.(reading);
  });
  return {
    handled(waitMs) {
      count += 1;
      waitedMs += waitMs;
    },
    handledMany(added) {
      count += added;
    },
    tell: (notice) =>
      new Promise((resolve) => {
        process.send?.({ notice }, () => resolve());
      }),
    isOpen: () => open,
  };
}

/** A client's settings, as its parent passed them. */
export function settings(): unknown {
  return JSON.parse(process.argv[2] ?? '{}');
}

/** Ends the process: a variant that meets an error measures nothing. */
export function fail(error: unknown): never {
  console.error(error);
  process.exit(1);
}
