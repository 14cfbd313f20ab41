/**
 * Objects in the memory of this process, for tests and examples. Keeps the whole contract; nothing survives the process.
 */
import { createHash } from 'node:crypto';
import { LongshoreError, systemClock, type Clock } from '@longshore/job';
import { BodyFailure, collect, openSource, singleUseBody } from '../body.ts';
import { assertContentType } from '../content-type.ts';
import { openGate, type Gate } from '../gate.ts';
import { assertKey, assertPrefix, compareKeys } from '../key.ts';
import type {
  ObjectBody,
  ObjectInfo,
  ObjectStore,
  ReadOptions,
  StoredObject,
  WriteOptions,
} from '../object-store.ts';
import { assertRange, rangeWithin } from '../range.ts';

/** Options of {@link memoryObjectStore}. */
export interface MemoryObjectStoreOptions {
  /** Gives `modifiedAtMs`. Default: the machine's clock. */
  readonly clock?: Clock;
}

interface Entry {
  readonly info: ObjectInfo;
  readonly bytes: Buffer;
}

type Entries = Map<string, Entry>;

/** Chunk size of reads: readers meet several chunks, as with the other drivers. */
const CHUNK_BYTES = 65_536;

/** An object store in memory. */
export function memoryObjectStore(options: MemoryObjectStoreOptions = {}): ObjectStore {
  const { clock = systemClock } = options;
  const entries: Entries = new Map();
  const gate = openGate('memory object store');
  const entryOf = async (key: string, body: ObjectBody, write: WriteOptions): Promise<Entry> => {
    const source = openSource(body, write.signal);
    try {
      assertKey(key);
      assertContentType(write.contentType);
      return newEntry(key, await collect(source.chunks), write.contentType, Math.trunc(clock.nowMs()));
    } catch (error) {
      throw error instanceof BodyFailure ? error.cause : error;
    } finally {
      source.close();
    }
  };
  return {
    capabilities: { conditionalCreate: 'enforced', presignedReads: false },
    put: (key, body, write = {}) =>
      gate.run(async () => {
        const entry = await entryOf(key, body, write);
        entries.set(key, entry);
        return entry.info;
      }),
    create: (key, body, write = {}) =>
      gate.run(async () => {
        const entry = await entryOf(key, body, write);
        // No await between the look and the act, so of concurrent creates one wins.
        const created = !entries.has(key);
        if (created) entries.set(key, entry);
        return { created };
      }),
    get: (key, read = {}) => gate.run(async () => readEntry(entries, key, read)),
    head: (key, { signal } = {}) =>
      gate.run(async () => {
        assertKey(key);
        signal?.throwIfAborted();
        return entries.get(key)?.info;
      }),
    delete: (key, { signal } = {}) =>
      gate.run(async () => {
        assertKey(key);
        signal?.throwIfAborted();
        entries.delete(key);
      }),
    list: (prefix, { signal } = {}) => listEntries(entries, gate, prefix, signal),
    presign: (key) =>
      gate.run(async () => {
        assertKey(key);
        throw new LongshoreError('unsupported', `Cannot presign "${key}": a memory object store has no URLs`);
      }),
    close: () => gate.close(),
    [Symbol.asyncDispose]: () => gate.close(),
  };
}

function newEntry(key: string, bytes: Buffer, contentType: string | undefined, modifiedAtMs: number): Entry {
  const etag = createHash('sha256').update(bytes).digest('hex');
  const info = {
    key,
    bytes: bytes.byteLength,
    etag,
    modifiedAtMs,
    ...(contentType === undefined ? {} : { contentType }),
  };
  return { info: Object.freeze(info), bytes };
}

function readEntry(entries: Entries, key: string, { range, signal }: ReadOptions): StoredObject | undefined {
  assertKey(key);
  assertRange(range);
  signal?.throwIfAborted();
  const entry = entries.get(key);
  if (entry === undefined) return undefined;
  const { from, to } = rangeWithin(range, entry.bytes.byteLength);
  let position = from;
  const next = async (): Promise<Uint8Array | undefined> => {
    if (position >= to) return undefined;
    const end = Math.min(position + CHUNK_BYTES, to);
    // A copy: what the reader does to its chunk must not change the object.
    const chunk = Uint8Array.from(entry.bytes.subarray(position, end));
    position = end;
    return chunk;
  };
  return { ...entry.info, body: singleUseBody({ next, close: () => Promise.resolve() }, signal) };
}

async function* listEntries(
  entries: Entries,
  gate: Gate,
  prefix: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<ObjectInfo, void, undefined> {
  gate.assertOpen();
  assertPrefix(prefix);
  const keys = [...entries.keys()].filter((key) => key.startsWith(prefix)).sort(compareKeys);
  for (const key of keys) {
    gate.assertOpen();
    signal?.throwIfAborted();
    const entry = entries.get(key);
    if (entry !== undefined) yield entry.info;
  }
}
