/**
 * One sandboxed process: started, spoken to, killed. It knows nothing of limits; {@link runDocument} does.
 *
 * Invariants: `exited` resolves exactly once and never rejects; after it, and after `kill`, no message arrives; documents
 * are read in the order in which they were sent, one at a time.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { tmpdir } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { LongshoreError } from '@longshore/job';
import { describeExit, type ChildExit } from './child-exit.ts';
import { FrameReader, FrameTooLargeError, encodeFrame } from './frames.ts';
import type { LaunchCommand } from './launch-command.ts';
import { KIND, type ChildMessage, type DocumentMessage } from './messages.ts';
import type { EngineId } from './outcome.ts';
import { readMessage } from './read-message.ts';

/** Options of {@link SandboxChild}. */
export interface SandboxChildOptions {
  readonly command: LaunchCommand;
  /** Largest message accepted from the child. */
  readonly maxMessageBytes: number;
  /** Told after each message about a document. */
  readonly onProgress?: () => void;
}

/** A document as its child sees it. */
export interface ChildTask {
  readonly bytes: Uint8Array;
  readonly message: DocumentMessage;
  /** Pages that are still to come; `undefined` before the child has said how many there are. */
  readonly pagesLeft: number | undefined;
  /** The child turns to it. */
  start(): void;
  /** A message about it; `done` and `failed` are the last. */
  receive(message: ChildMessage): void;
}

const MAX_STDERR_LENGTH = 4_096;

/** A sandboxed process with one engine. */
export class SandboxChild {
  /** Resolves when the child takes documents. @throws LongshoreError `engine_crashed` (retryable) when it cannot start */
  readonly ready: Promise<EngineId>;
  /** Resolves when the process is gone. */
  readonly exited: Promise<ChildExit>;
  /** Documents sent so far. */
  documents = 0;
  /** Whether this side has ended it; a death without it came from inside or from a third party. */
  isKilled = false;
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  #stderr = '';
  #fault: ChildExit['fault'];
  #hasExited = false;
  /** The one that is being read, and those that wait in the pipe. */
  readonly #tasks: ChildTask[] = [];

  constructor({ command, maxMessageBytes, onProgress }: SandboxChildOptions) {
    // A session of its own: Ctrl-C in a terminal is the worker's to answer, not the child's.
    this.#process = spawn(command.program, [...command.args], {
      env: {},
      cwd: tmpdir(),
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const ready = Promise.withResolvers<EngineId>();
    this.ready = ready.promise;
    // Whoever needs the child awaits it; a spare child that cannot start is nobody's error yet.
    this.ready.catch(() => undefined);
    this.exited = this.#watchExit();
    void this.exited.then((exit) => ready.reject(startFailure(exit)));
    this.#readMessages(maxMessageBytes, (message) => {
      if (message.kind === 'ready') ready.resolve({ name: message.name, version: message.version });
      else this.#pass(message);
      onProgress?.();
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get hasExited(): boolean {
    return this.#hasExited;
  }

  /** Pages to come of the document that is being read; `undefined` when there is none, or before it has said how many. */
  get pagesLeft(): number | undefined {
    return this.#tasks[0]?.pagesLeft;
  }

  /** Hands over a document. It is read at once, or after those sent before it. */
  send(task: ChildTask): void {
    // Its end, which is near, says so.
    if (this.isKilled) return;
    this.documents += 1;
    this.#tasks.push(task);
    const { stdin } = this.#process;
    // One write, so that the child wakes up once.
    stdin.cork();
    stdin.write(encodeFrame(KIND.document, task.message, task.bytes.length));
    stdin.write(task.bytes);
    stdin.uncork();
    if (this.#tasks.length === 1) task.start();
  }

  /** Ends the process; nothing that it could do prevents it. */
  kill(): void {
    this.isKilled = true;
    this.#process.kill('SIGKILL');
  }

  #pass(message: ChildMessage): void {
    if (this.isKilled) return;
    this.#tasks[0]?.receive(message);
    if (message.kind !== 'done' && message.kind !== 'failed') return;
    this.#tasks.shift();
    if (!this.isKilled) this.#tasks[0]?.start();
  }

  #watchExit(): Promise<ChildExit> {
    const child = this.#process;
    child.stderr.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-MAX_STDERR_LENGTH);
    });
    // A child that is gone closes its pipes while they are written to; its exit tells why.
    child.stdin.on('error', () => undefined);
    return new Promise((resolve) => {
      const end = (code: number | null, signal: NodeJS.Signals | null): void => {
        this.#hasExited = true;
        resolve({ code, signal, stderr: this.#stderr, fault: this.#fault });
      };
      child.once('error', (error) => {
        this.#stderr += error.message;
        if (child.pid === undefined) end(null, null);
      });
      // Not `exit`: messages that are still in the pipe come first.
      child.once('close', end);
    });
  }

  #readMessages(maxBytes: number, onMessage: (message: ChildMessage) => void): void {
    const reader = new FrameReader({ maxBytes, onFrame: (frame) => onMessage(readMessage(frame)) });
    this.#process.stdout.on('data', (chunk: Buffer) => {
      try {
        reader.push(chunk);
      } catch (error) {
        // It does not keep to the protocol: whatever holds it now, it is not our code.
        this.#fault = error instanceof FrameTooLargeError ? 'too_large' : 'malformed';
        this.#process.stdout.removeAllListeners('data').resume();
        this.kill();
      }
    });
  }
}

function startFailure(exit: ChildExit): LongshoreError {
  const { code, signal, stderr } = exit;
  const advice = 'check that Node.js may start processes here and that the engine’s package is installed';
  const message = `Cannot start the extraction sandbox (${describeExit(exit)}): ${advice}. ${lastLines(stderr)}`;
  return new LongshoreError('engine_crashed', message.trim(), { retryable: true, details: { code, signal } });
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-6).join(' | ');
}
