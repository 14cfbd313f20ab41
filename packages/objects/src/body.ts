/**
 * Bodies, the same for every driver: how what a caller writes is read chunk by chunk, and what a caller reads.
 *
 * Invariants: a source is pulled only when its last chunk was consumed (backpressure), is closed when the write ends
 * early, and can be abandoned by a signal even while it stalls. A body is read once, and whatever lies under it is
 * closed exactly once: at its end, at its first error, when its reader leaves, or when its signal aborts.
 */
import { Readable } from 'node:stream';
import { LongshoreError } from '@longshore/job';
import type { ObjectBody } from './object-store.ts';

/** Carries an error of the caller's body, or the reason of its signal, past the mapping of a driver's own failures. */
export class BodyFailure extends Error {
  constructor(cause: unknown) {
    super('The body failed', { cause });
  }
}

/** A body that is being written. */
export interface Source {
  /** Its chunks, none empty. Fails with a {@link BodyFailure} only. */
  readonly chunks: AsyncGenerator<Uint8Array, void, undefined>;
  /** Lets go of the body, read or not: a stream that is never read would keep its file or connection open. */
  close(): void;
}

/** Opens a body for writing. Nothing is pulled before its chunks are. */
export function openSource(body: ObjectBody, signal: AbortSignal | undefined): Source {
  let started = false;
  async function* carrying(): AsyncGenerator<Uint8Array, void, undefined> {
    started = true;
    try {
      yield* chunksOf(body, signal);
    } catch (error) {
      throw new BodyFailure(error);
    }
  }
  const chunks = carrying();
  return {
    chunks,
    close() {
      if (started) abandon(chunks);
      else if (isAsyncIterable(body)) abandon(body[Symbol.asyncIterator](), body);
    },
  };
}

async function* chunksOf(
  body: ObjectBody,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  signal?.throwIfAborted();
  if (typeof body === 'string' || body instanceof Uint8Array) {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    if (bytes.byteLength > 0) yield bytes;
    return;
  }
  const source = iteratorOf(body);
  let ended = false;
  try {
    for (;;) {
      const step = await orAborted(source.next(), signal);
      ended = step.done === true;
      if (ended) return;
      const chunk: unknown = step.value;
      if (!(chunk instanceof Uint8Array)) throw wrongBody(`yielded a value of type ${typeof chunk}`);
      if (chunk.byteLength > 0) yield chunk;
    }
  } finally {
    if (!ended) abandon(source);
  }
}

/** All chunks as one array. A copy: later changes by the caller do nothing. */
export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const collected: Uint8Array[] = [];
  for await (const chunk of chunks) collected.push(chunk);
  return Buffer.concat(collected);
}

/** What a {@link singleUseBody} reads from. */
export interface BodySource {
  /** The next bytes, `undefined` at the end. */
  next(): Promise<Uint8Array | undefined>;
  /** Called exactly once, whether or not reading began. */
  close(): Promise<void>;
}

/** A body that can be read once. */
export function singleUseBody(
  source: BodySource,
  signal: AbortSignal | undefined,
): AsyncIterable<Uint8Array> {
  let taken = false;
  let closing: Promise<void> | undefined;
  const onAbort = (): void => void close().catch(() => undefined);
  const close = (): Promise<void> => {
    signal?.removeEventListener('abort', onAbort);
    closing ??= source.close();
    return closing;
  };
  // A body that nobody reads any more must not keep its connection or file open.
  if (signal?.aborted === true) onAbort();
  else signal?.addEventListener('abort', onAbort, { once: true });
  const iterator: AsyncIterator<Uint8Array, undefined> = {
    async next() {
      let bytes: Uint8Array | undefined;
      try {
        signal?.throwIfAborted();
        bytes = closing === undefined ? await orAborted(source.next(), signal) : undefined;
      } catch (error) {
        await close().catch(() => undefined);
        throw error;
      }
      if (bytes !== undefined) return { done: false, value: bytes };
      await close();
      return { done: true, value: undefined };
    },
    async return() {
      await close();
      return { done: true, value: undefined };
    },
  };
  return {
    [Symbol.asyncIterator]() {
      if (taken) {
        throw new LongshoreError(
          'invalid_options',
          'Cannot read a body twice: get the object again, or keep its bytes',
        );
      }
      taken = true;
      return iterator;
    },
  };
}

/**
 * The promise, or a rejection with the signal's reason. The listener goes with each call: a promise that lives as long
 * as the signal would hold every chunk that was raced against it.
 */
export function orAborted<Value>(promise: Promise<Value>, signal: AbortSignal | undefined): Promise<Value> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void): void => {
      signal.removeEventListener('abort', onAbort);
      finish();
    };
    const onAbort = (): void => settle(() => reject(signal.reason));
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(
      (value) => settle(() => resolve(value)),
      (error: unknown) => settle(() => reject(error)),
    );
    if (signal.aborted) onAbort();
  });
}

/** Not awaited: a generator that waits for its own next value answers `return` only after it. */
function abandon(iterator: AsyncIterator<unknown>, stream?: unknown): void {
  // An iterator of a Node.js stream destroys the stream only once it was read from.
  if (stream instanceof Readable) stream.destroy();
  void Promise.resolve(iterator.return?.()).catch(() => undefined);
}

function isAsyncIterable(body: unknown): body is AsyncIterable<unknown> {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
}

function iteratorOf(body: unknown): AsyncIterator<unknown> {
  if (isAsyncIterable(body)) return body[Symbol.asyncIterator]();
  throw wrongBody(`is of type ${body === null ? 'null' : typeof body}`);
}

function wrongBody(what: string): LongshoreError {
  return new LongshoreError(
    'invalid_options',
    `Cannot write a body that ${what}, expected a string, a Uint8Array or an async iterable of Uint8Array`,
  );
}
