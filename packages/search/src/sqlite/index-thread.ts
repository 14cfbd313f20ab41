/** A thread that owns a connection to the index file, and the calls that it answers, in order. */
import { Worker as Thread } from 'node:worker_threads';
import { LongshoreError, type ErrorCode } from '@longshore/job';
import type { IndexFile } from './index-file.ts';

/** A call to the index thread. */
export interface IndexCall {
  readonly call: number;
  readonly method: keyof IndexFile;
  readonly argument: unknown;
}

/** Its answer. */
export type IndexAnswer =
  | { readonly call: number; readonly ok: true; readonly value: unknown }
  | { readonly call: number; readonly ok: false; readonly code: ErrorCode; readonly message: string };

/** What a thread is told at its start. */
export interface IndexThreadData {
  readonly path: string;
  readonly readOnly?: boolean;
}

/** A started thread. */
export interface IndexThread {
  call(method: IndexCall['method'], argument: unknown): Promise<unknown>;
  /** Closes the file and ends the thread. Repeatable. */
  close(): Promise<void>;
}

interface PendingCall {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: LongshoreError) => void;
}

/** Starts a thread. It does not keep the process alive unless a call is under way. */
export function startIndexThread(data: IndexThreadData): IndexThread {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const thread = new Thread(new URL(`./index-thread-entry.${extension}`, import.meta.url), {
    workerData: data,
    name: 'longshore-search',
  });
  const calls = new Map<number, PendingCall>();
  let nextCall = 1;
  let failure: LongshoreError | undefined;
  let closed: Promise<void> | undefined;
  const fail = (message: string, cause?: unknown): void => {
    failure ??= new LongshoreError(cause === undefined ? 'closed' : 'index_unavailable', message, { cause });
    for (const { reject } of calls.values()) reject(failure);
    calls.clear();
  };
  thread.on('message', (answer: IndexAnswer) => {
    const pending = calls.get(answer.call);
    calls.delete(answer.call);
    if (calls.size === 0) thread.unref();
    if (answer.ok) pending?.resolve(answer.value);
    else pending?.reject(errorOf(answer));
  });
  thread.on('error', (error: Error) => fail(`The index thread failed: ${error.message}`, error));
  thread.on('exit', () => fail('The index is closed'));
  thread.unref();
  const call = (method: IndexCall['method'], argument: unknown): Promise<unknown> => {
    if (failure !== undefined) return Promise.reject(failure);
    const id = nextCall;
    nextCall += 1;
    return new Promise((resolve, reject) => {
      calls.set(id, { resolve, reject });
      // While a call is under way the process must not end.
      thread.ref();
      thread.postMessage({ call: id, method, argument } satisfies IndexCall);
    });
  };
  const close = async (): Promise<void> => {
    if (failure !== undefined) return;
    const exited = new Promise<void>((resolve) => thread.once('exit', () => resolve()));
    await call('close', undefined).catch(() => undefined);
    // The process must not end before the file is closed.
    thread.ref();
    await exited;
  };
  return { call, close: () => (closed ??= close()) };
}

function errorOf({ code, message }: Extract<IndexAnswer, { ok: false }>): LongshoreError {
  return new LongshoreError(code, message, { retryable: code === 'index_unavailable' });
}
