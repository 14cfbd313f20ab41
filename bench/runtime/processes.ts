/**
 * Child processes of a measurement, by IPC: the stub and the clients. Each ends when it is let go, when this process ends,
 * or when the run is interrupted; one that ends by itself is an error of whoever waits for it.
 */
import { fork } from 'node:child_process';
import { resolve as resolvePath } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Notice, Reading } from './client.ts';
import type { Certificate } from './certificate.ts';
import type { SqsAddress } from './connection.ts';
import type { StubCounts } from './sqs-stub.ts';

/** A running child. */
interface Child extends AsyncDisposable {
  /** Sends a question; resolves with the next message that `is` accepts. */
  ask<Answer>(is: (message: object) => message is Answer & object, timeoutMs?: number): Promise<Answer>;
  /** Resolves with the next message that `is` accepts. */
  next<Answer>(is: (message: object) => message is Answer & object, timeoutMs?: number): Promise<Answer>;
}

/** A stub in its own process. */
export interface StubProcess extends AsyncDisposable, SqsAddress {
  counts(): Promise<StubCounts>;
}

/** A client in its own process. */
export interface ClientProcess extends AsyncDisposable {
  reading(): Promise<Reading>;
  told(notice: Notice['notice'], timeoutMs: number): Promise<void>;
}

/** What all children need. */
export interface Surroundings {
  readonly certificate: Certificate;
  /** Where the certificate lies, for NODE_EXTRA_CA_CERTS. */
  readonly certificateFile: string;
  readonly signal: AbortSignal;
}

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ANSWER_WITHIN_MS = 15_000;
const END_WITHIN_MS = 3_000;

/** Starts a stub. */
export async function startStub(
  { certificate, signal }: Surroundings,
  options: { readonly latencyMs: number; readonly stock?: number },
): Promise<StubProcess> {
  const child = startChild('sqs-stub-entry.ts', { ...certificate, ...options }, { signal });
  const { endpoint, queueUrl } = await child.next(
    (message): message is SqsAddress => 'endpoint' in message && 'queueUrl' in message,
  );
  return {
    endpoint,
    queueUrl,
    counts: () => child.ask((message): message is StubCounts => 'calls' in message),
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

/** Starts a client; `entry` is a file of this folder, or an absolute path. */
export function startClient(
  { certificateFile, signal }: Surroundings,
  entry: string,
  settings: object,
): ClientProcess {
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: certificateFile };
  const child = startChild(entry, settings, { signal, env });
  return {
    reading: () => child.ask((message): message is Reading => 'cpuMicros' in message),
    async told(notice, timeoutMs) {
      await child.next(
        (message): message is Notice => 'notice' in message && message.notice === notice,
        timeoutMs,
      );
    },
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}

function startChild(
  entry: string,
  settings: object,
  { signal, env = process.env }: { readonly signal: AbortSignal; readonly env?: NodeJS.ProcessEnv },
): Child {
  signal.throwIfAborted();
  const path = resolvePath(HERE, entry);
  const child = fork(path, [JSON.stringify(settings)], {
    env,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = (): void => void child.kill('SIGKILL');
  signal.addEventListener('abort', stop, { once: true });

  const next: Child['next'] = <Answer>(
    is: (message: object) => message is Answer & object,
    timeoutMs = ANSWER_WITHIN_MS,
  ): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const done = (): void => {
        clearTimeout(timer);
        child.off('message', onMessage).off('exit', onExit).off('error', onError);
      };
      const onMessage = (message: unknown): void => {
        if (typeof message !== 'object' || message === null || !is(message)) return;
        done();
        resolve(message);
      };
      const onError = (error: Error): void => {
        done();
        reject(error);
      };
      const onExit = (code: number | null): void =>
        onError(
          new Error(signal.aborted ? 'Interrupted' : `${entry} ended early, with code ${String(code)}`),
        );
      const timer = setTimeout(
        () => onError(new Error(`${entry} has not answered within ${timeoutMs} ms`)),
        timeoutMs,
      );
      if (child.exitCode !== null) return onExit(child.exitCode);
      child.on('message', onMessage).once('exit', onExit).once('error', onError);
    });

  return {
    next,
    ask(is, timeoutMs) {
      const answer = next(is, timeoutMs);
      child.send('?');
      return answer;
    },
    async [Symbol.asyncDispose]() {
      signal.removeEventListener('abort', stop);
      if (child.exitCode !== null || child.signalCode !== null) return;
      if (child.connected) child.disconnect();
      const timer = setTimeout(stop, END_WITHIN_MS);
      await exited;
      clearTimeout(timer);
    },
  };
}
