/** How a sandboxed process ended, and what that says. */

/** The end of a process. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The end of what it wrote to stderr. */
  readonly stderr: string;
  /** Why it was ended for what it sent. */
  readonly fault: 'too_large' | 'malformed' | undefined;
}

/** Signals by which others end a process; one that crashes by itself gets SIGSEGV, SIGABRT, SIGTRAP and the like. */
const FOREIGN_SIGNALS: ReadonlySet<string> = new Set(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT']);

/** Whether somebody else sent the signal: the kernel for the container's memory, an operator. */
export function isForeignSignal(signal: string | null): boolean {
  return signal !== null && FOREIGN_SIGNALS.has(signal);
}

/** `exit code 3` or `signal SIGSEGV`. */
export function describeExit({ code, signal }: Pick<ChildExit, 'code' | 'signal'>): string {
  return signal === null ? `exit code ${code}` : `signal ${signal}`;
}
