/**
 * One run of tesseract: a process of its own, without shell, environment or files of ours, within limits, killed with
 * everything that it started.
 *
 * It is native code that reads pixels of hostile documents. The image's header is ours, so that its readers of image files
 * have nothing to misread.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { tmpdir } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { describeExit, isForeignSignal } from '../sandbox/child-exit.ts';
import { withKernelLimits } from '../sandbox/kernel-limits.ts';
import { CLOCK_FACTOR } from '../sandbox/limits.ts';
import { processUsage } from '../sandbox/process-usage.ts';
import type { OcrFault, OcrLimits, UnrecognisedPage } from './page-ocr.ts';

/** What tesseract is to do. */
export interface TesseractRun {
  /** Absolute path of the program. */
  readonly program: string;
  readonly args: readonly string[];
  /** For stdin. Default nothing. */
  readonly input?: Uint8Array;
  readonly limits: Pick<OcrLimits, 'pageMs' | 'memoryBytes'>;
  /** Kills it; the run then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** How it ended. */
export type TesseractEnd = { readonly kind: 'done'; readonly stdout: string } | OcrFault;

const LOOK_EVERY_MS = 50;
const MS_PER_SECOND = 1_000;
const MIB = 1_048_576;
/** A full page is a table of 60 KiB. */
const MAX_STDOUT_BYTES = 8_388_608;
const MAX_STDERR_LENGTH = 4_096;
const MAX_SAID_LENGTH = 200;
const OUT_OF_MEMORY =
  /bad_alloc|out of memory|Cannot allocate memory|(?:malloc|calloc|pixCreate\w*|data) (?:fail|not made)/i;
const EMPTY = new Uint8Array();
/** OpenMP's: with a thread for each of two processors that are shared, a page takes ten times as long as with one. */
const ENVIRONMENT = { OMP_THREAD_LIMIT: '1' };

/** Runs tesseract. Rejects only when the signal aborts. */
export async function runTesseract(run: TesseractRun): Promise<TesseractEnd> {
  const { signal, limits, program, args, input = EMPTY } = run;
  signal?.throwIfAborted();
  const command = withKernelLimits({ program, args }, kernelLimits(limits));
  // A group of its own, to be killed as one.
  const child = spawn(command.program, [...command.args], {
    env: ENVIRONMENT,
    cwd: tmpdir(),
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const running = new RunningTesseract(child, limits);
  const abort = (): void => running.kill();
  signal?.addEventListener('abort', abort, { once: true });
  try {
    child.stdin.end(input);
    const end = await running.end;
    signal?.throwIfAborted();
    return end;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

/** No core files, no growing files, few open ones; for users other than root no threads and no further processes. */
function kernelLimits({ pageMs, memoryBytes }: TesseractRun['limits']): string[] {
  // After the watch, which can say more.
  const seconds = Math.ceil(pageMs / MS_PER_SECOND) + 2;
  return [
    `--as=${memoryBytes}`,
    `--cpu=${seconds}:${seconds + 2}`,
    '--core=0',
    '--fsize=0',
    '--nofile=32',
    '--nproc=0',
  ];
}

class RunningTesseract {
  readonly end: Promise<TesseractEnd>;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #limits: TesseractRun['limits'];
  readonly #startedAtMs = performance.now();
  readonly #stdout: Buffer[] = [];
  #stdoutBytes = 0;
  #stderr = '';
  #isKilled = false;
  #brokenLimit: UnrecognisedPage | undefined;

  constructor(child: ChildProcessByStdio<Writable, Readable, Readable>, limits: TesseractRun['limits']) {
    this.#child = child;
    this.#limits = limits;
    const timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
    child.stdout.on('data', (chunk: Buffer) => this.#take(chunk));
    child.stderr.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-MAX_STDERR_LENGTH);
    });
    // A process that is gone closes its pipe while it is written to; its exit tells why.
    child.stdin.on('error', () => undefined);
    this.end = new Promise<TesseractEnd>((resolve) => {
      child.once('error', (error) => {
        this.#stderr += error.message;
        if (child.pid === undefined) resolve(this.#concluded(null, null));
      });
      child.once('close', (code, signal) => resolve(this.#concluded(code, signal)));
    }).finally(() => clearInterval(timer));
  }

  /** Ends it and what it started. */
  kill(): void {
    this.#isKilled = true;
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      // The group is gone.
    }
  }

  #take(chunk: Buffer): void {
    this.#stdoutBytes += chunk.length;
    if (this.#stdoutBytes <= MAX_STDOUT_BYTES) this.#stdout.push(chunk);
    else this.#break('engine_crashed', `Tesseract wrote more than ${MAX_STDOUT_BYTES / MIB} MiB`);
  }

  #look(): void {
    const { pid } = this.#child;
    const { pageMs, memoryBytes } = this.#limits;
    const usage = pid === undefined ? undefined : processUsage(pid);
    if (usage !== undefined && usage.residentBytes > memoryBytes)
      this.#break('out_of_memory', `The page takes more than ${Math.round(memoryBytes / MIB)} MiB of memory`);
    else if (usage !== undefined && usage.cpuMs > pageMs)
      this.#break('timed_out', `Not recognised within ${pageMs / MS_PER_SECOND} s of processor time`);
    else if (performance.now() - this.#startedAtMs > pageMs * CLOCK_FACTOR)
      this.#break('timed_out', `Not recognised within ${(pageMs * CLOCK_FACTOR) / MS_PER_SECOND} s`);
  }

  /** The first broken limit counts; the outcome follows when the process is gone. */
  #break(code: UnrecognisedPage['code'], reason: string): void {
    this.#brokenLimit ??= { kind: 'failed', code, reason };
    this.kill();
  }

  #concluded(code: number | null, signal: NodeJS.Signals | null): TesseractEnd {
    if (this.#brokenLimit !== undefined) return this.#brokenLimit;
    if (code === 0) return { kind: 'done', stdout: Buffer.concat(this.#stdout).toString() };
    const how = describeExit({ code, signal });
    if (signal === 'SIGXCPU')
      return { kind: 'failed', code: 'timed_out', reason: `Tesseract ran out of processor time (${how})` };
    if (isForeignSignal(signal) && !this.#isKilled) {
      const reason = `Tesseract was killed by somebody else (${how}), perhaps for the container's memory`;
      return { kind: 'killed', reason };
    }
    if (OUT_OF_MEMORY.test(this.#stderr))
      return { kind: 'failed', code: 'out_of_memory', reason: `Tesseract ran out of memory (${how})` };
    const said = this.#stderr.trim().split('\n').at(-1)?.slice(0, MAX_SAID_LENGTH) ?? '';
    const reason = `Tesseract failed (${how}${said === '' ? '' : `: ${said}`})`;
    return { kind: 'failed', code: 'engine_crashed', reason };
  }
}
