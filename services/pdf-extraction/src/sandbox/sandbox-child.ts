/**
 * One sandboxed process: started, spoken to, killed. It knows nothing of limits; {@link runDocument} does.
 *
 * Invariants: `exited` resolves exactly once and never rejects; after it no message arrives.
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
}

const MAX_STDERR_LENGTH = 4_096;

/** A sandboxed process with one engine. */
export class SandboxChild {
  /** Resolves when the child takes documents. @throws LongshoreError `engine_crashed` (retryable) when it cannot start */
  readonly ready: Promise<EngineId>;
  /** Resolves when the process is gone. */
  readonly exited: Promise<ChildExit>;
  /** Documents taken so far. */
  documents = 0;
  /** Whether this side has ended it; a death without it came from inside or from a third party. */
  isKilled = false;
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  #stderr = '';
  #fault: ChildExit['fault'];
  #hasExited = false;
  #onMessage: ((message: ChildMessage) => void) | undefined;

  constructor({ command, maxMessageBytes }: SandboxChildOptions) {
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
    this.#readMessages(maxMessageBytes, (engine) => ready.resolve(engine));
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get hasExited(): boolean {
    return this.#hasExited;
  }

  /** Hands over a document. Messages about it go to `onMessage` until {@link release}. */
  send(bytes: Uint8Array, message: DocumentMessage, onMessage: (message: ChildMessage) => void): void {
    this.documents += 1;
    this.#onMessage = onMessage;
    const { stdin } = this.#process;
    // One write, so that the child wakes up once.
    stdin.cork();
    stdin.write(encodeFrame(KIND.document, message, bytes.length));
    stdin.write(bytes);
    stdin.uncork();
  }

  /** Ends listening to the document. */
  release(): void {
    this.#onMessage = undefined;
  }

  /** Ends the process; nothing that it could do prevents it. */
  kill(): void {
    this.isKilled = true;
    this.#process.kill('SIGKILL');
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

  #readMessages(maxBytes: number, onReady: (engine: EngineId) => void): void {
    const reader = new FrameReader({
      maxBytes,
      onFrame: (frame) => {
        const message = readMessage(frame);
        if (message.kind === 'ready') onReady({ name: message.name, version: message.version });
        else this.#onMessage?.(message);
      },
    });
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
