/**
 * One child process running one worker: started, listened to, asked to drain, killed only when its time is over.
 *
 * The process gets a process group of its own: Ctrl-C in a terminal reaches the parent alone, which drains its workers,
 * and a SIGKILL takes the worker's own children along. A worker whose parent dies sees `disconnect` on its channel.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { parseHeartbeat, type WorkerHeartbeat } from '@longshore/fleet';
import { errorDetails, sleep, type Clock, type Timer } from '@longshore/job';
import { readLines } from './lines.ts';

/** How to start a task of one service. */
export interface TaskCommand {
  /** Program, for instance `process.execPath`. No shell is involved. */
  readonly command: string;
  readonly args: readonly string[];
  /** Its whole environment. Default: that of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Working directory. Default: that of this process. */
  readonly cwd?: string;
  /** What the worker has to drain after SIGTERM. Default 25,000, as in a fleet. */
  readonly drainMs?: number;
}

/** How a process ended. */
export interface TaskExit {
  readonly atMs: number;
  readonly code: number | null;
  readonly signal: string | null;
  /** For people: `exited with code 1`, `killed by SIGKILL`, `could not start: spawn nod ENOENT`. */
  readonly reason: string;
  /** Whether it was asked to leave. */
  readonly isExpected: boolean;
}

/** A task as displays show it. */
export interface ProcessTask {
  readonly id: string;
  /** Absent when no process could be started. */
  readonly pid?: number;
  readonly service: string;
  readonly state: 'starting' | 'running' | 'draining' | 'exited';
  readonly busy: number;
  /** 0 until the worker has reported. */
  readonly slots: number;
  /** Jobs completed, as last reported. */
  readonly completed: number;
  /** Attempts that failed, as last reported. */
  readonly failed: number;
  readonly startedAtMs: number;
  /** How it ended; present when `state` is `exited`. */
  readonly exit?: TaskExit;
}

/** Which output a line came from. */
export type OutputStream = 'stdout' | 'stderr';

/** What a task is started with. */
export interface TaskOptions {
  readonly id: string;
  readonly service: string;
  /** What it throws counts as a process that could not be started. */
  readonly command: () => TaskCommand;
  readonly clock: Clock;
  /** Time on top of `drainMs` before SIGKILL. */
  readonly graceMs: number;
  /** Time to the first `running` report. */
  readonly startLimitMs: number;
  /** Absent: the output goes where this process's goes. */
  readonly onLine: ((stream: OutputStream, line: string) => void) | undefined;
  /** State or figures changed, the exit included. */
  readonly onChange: (task: Task, change: 'running' | 'draining' | 'exited') => void;
  readonly onFault: (reason: string) => void;
}

/** Three missed reports: its event loop is blocked, or the process is stopped. */
const SILENT_AFTER_MS = 3_000;
/** Output can outlive its process when a grandchild holds it; it is not waited for longer than this. */
const OUTPUT_GRACE_MS = 200;
const DEFAULT_DRAIN_MS = 25_000;

/** A started process. */
export class Task {
  readonly #options: TaskOptions;
  readonly #child: ChildProcess | undefined;
  readonly #startedAtMs: number;
  readonly #gone = Promise.withResolvers<void>();
  #state: ProcessTask['state'] = 'starting';
  #heartbeat: WorkerHeartbeat | undefined;
  #heardAtMs: number;
  #runningAtMs: number | undefined;
  #exit: TaskExit | undefined;
  #drainMs = DEFAULT_DRAIN_MS;
  #isAsked = false;
  #isFaulty = false;
  #overdue: string | undefined;
  #limit: Timer | undefined;

  constructor(options: TaskOptions) {
    this.#options = options;
    this.#startedAtMs = options.clock.nowMs();
    this.#heardAtMs = this.#startedAtMs;
    this.#child = this.#spawn();
    if (this.#child !== undefined) this.#listen(this.#child);
  }

  get state(): ProcessTask['state'] {
    return this.#state;
  }

  get busy(): number {
    return this.#exit === undefined ? (this.#heartbeat?.busy ?? 0) : 0;
  }

  get startedAtMs(): number {
    return this.#startedAtMs;
  }

  /** From the spawn to the first `running` report. */
  get startupMs(): number | undefined {
    return this.#runningAtMs === undefined ? undefined : this.#runningAtMs - this.#startedAtMs;
  }

  /** How long it ran after it was ready. */
  get ranMs(): number {
    const end = this.#exit?.atMs ?? this.#options.clock.nowMs();
    return this.#runningAtMs === undefined ? 0 : end - this.#runningAtMs;
  }

  get heartbeat(): WorkerHeartbeat | undefined {
    return this.#heartbeat;
  }

  get isAnswering(): boolean {
    return this.#options.clock.nowMs() - this.#heardAtMs <= SILENT_AFTER_MS;
  }

  /** Resolves when the process has exited and its output is read. */
  get gone(): Promise<void> {
    return this.#gone.promise;
  }

  /** Asks the worker to drain; SIGKILL follows only when its drain time and the grace are over. */
  drain(): void {
    if (this.#exit !== undefined || this.#isAsked) return;
    this.#isAsked = true;
    this.#beginDraining();
    this.#child?.kill('SIGTERM');
  }

  /** Moves the end of the drain: nothing kills the process before `deadlineMs` from now, and then SIGKILL does. */
  killAfter(deadlineMs: number): void {
    if (this.#exit !== undefined) return;
    this.#limitTo(deadlineMs, () => this.#kill());
  }

  snapshot(): ProcessTask {
    const pid = this.#child?.pid;
    const { slots = 0, completed = 0, failed = 0 } = this.#heartbeat ?? {};
    const { id, service } = this.#options;
    return {
      id,
      ...(pid === undefined ? {} : { pid }),
      service,
      state: this.#state,
      busy: this.busy,
      slots,
      completed,
      failed,
      startedAtMs: this.#startedAtMs,
      ...(this.#exit === undefined ? {} : { exit: this.#exit }),
    };
  }

  #spawn(): ChildProcess | undefined {
    const { onLine, startLimitMs } = this.#options;
    const output = onLine === undefined ? 'inherit' : 'pipe';
    try {
      const command = this.#options.command();
      this.#drainMs = command.drainMs ?? DEFAULT_DRAIN_MS;
      const child = spawn(command.command, [...command.args], {
        stdio: ['ignore', output, output, 'ipc'],
        detached: process.platform !== 'win32',
        ...(command.env === undefined ? {} : { env: command.env }),
        ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
      });
      this.#limitTo(startLimitMs, () => {
        this.#overdue = `did not report "running" within ${startLimitMs} ms`;
        this.#kill();
      });
      return child;
    } catch (error) {
      // Told later, so that nobody hears of a task that its constructor has not returned yet.
      queueMicrotask(() => this.#exited(null, null, `could not start: ${errorDetails(error).message}`));
      return undefined;
    }
  }

  #listen(child: ChildProcess): void {
    const { onLine } = this.#options;
    for (const stream of ['stdout', 'stderr'] as const) {
      const output = child[stream];
      if (output !== null && onLine !== undefined) readLines(output, (line) => onLine(stream, line));
    }
    child.on('message', (message) => this.#heard(message));
    child.once('exit', (code, signal) => this.#exited(code, signal));
    child.on('error', (error) => {
      // With a pid the error is about a signal or a message, and the exit is still to come.
      if (child.pid === undefined) this.#exited(null, null, `could not start: ${error.message}`);
      else this.#options.onFault(error.message);
    });
  }

  #heard(message: unknown): void {
    const parsed = parseHeartbeat(message);
    if (parsed.kind === 'other' || this.#exit !== undefined) return;
    if (parsed.kind === 'fault') {
      if (!this.#isFaulty) this.#options.onFault(`sent a wrong heartbeat: ${parsed.reason}`);
      this.#isFaulty = true;
      return;
    }
    this.#heardAtMs = this.#options.clock.nowMs();
    this.#heartbeat = parsed.value;
    if (parsed.value.state === 'running' && this.#state === 'starting') {
      this.#state = 'running';
      this.#runningAtMs = this.#heardAtMs;
      this.#limit?.cancel();
      this.#options.onChange(this, 'running');
    }
    // Somebody else asked it to leave.
    if (parsed.value.state === 'draining' && this.#state !== 'draining') this.#beginDraining();
  }

  #beginDraining(): void {
    this.#state = 'draining';
    this.killAfter(this.#drainMs + this.#options.graceMs);
    this.#options.onChange(this, 'draining');
  }

  #limitTo(limitMs: number, over: () => void): void {
    this.#limit?.cancel();
    this.#limit = this.#options.clock.after(limitMs, over);
  }

  #kill(): void {
    const { pid } = this.#child ?? {};
    // A process that has not been reaped keeps its id, so the group cannot be somebody else's.
    if (pid === undefined || this.#exit !== undefined) return;
    try {
      if (process.platform !== 'win32') process.kill(-pid, 'SIGKILL');
    } catch {
      // The group is gone or was never made; the process itself is killed below.
    }
    this.#child?.kill('SIGKILL');
  }

  #exited(code: number | null, signal: string | null, failure?: string): void {
    if (this.#exit !== undefined) return;
    const { clock } = this.#options;
    const isExpected = this.#state === 'draining';
    const ending = signal === null ? `exited with code ${code}` : `killed by ${signal}`;
    const reason = failure ?? (this.#overdue === undefined ? ending : `${this.#overdue}, ${ending}`);
    this.#exit = { atMs: clock.nowMs(), code, signal, reason, isExpected };
    this.#state = 'exited';
    this.#limit?.cancel();
    this.#options.onChange(this, 'exited');
    this.#finish();
  }

  #finish(): void {
    const child = this.#child;
    if (child?.pid === undefined) {
      this.#gone.resolve();
      return;
    }
    const closed = new Promise<void>((resolve) => {
      child.once('close', () => resolve());
    });
    void Promise.race([closed, sleep(OUTPUT_GRACE_MS)]).then(() => this.#gone.resolve());
  }
}
