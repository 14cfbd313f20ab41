/** What the cases of the conformance suite share. */
import { randomUUID } from 'node:crypto';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { ObjectInfo, ObjectStore } from '../object-store.ts';

/** Cases that a driver or its set-up may not be able to pass. */
export type SkippableCase = 'conditional-create' | 'presigned-reads' | 'bounded-memory' | 'paged-listing';

/** A store opened for the suite. */
export interface OpenedObjectStore {
  /** Empty, or at least without objects that others write at the same time. */
  readonly store: ObjectStore;
  /** Removes what opening made. The suite closes the store itself. */
  readonly close?: () => Promise<void>;
}

/** A driver under test. */
export interface ObjectStoreSuite {
  /** Shown in the test report. */
  readonly name: string;
  /** Opens a store; called several times. */
  readonly open: () => Promise<OpenedObjectStore>;
  /** Why a case cannot hold here. What the capabilities deny is skipped without. */
  readonly skips?: Readonly<Partial<Record<SkippableCase, string>>>;
}

/** The state of a running suite. */
export interface Running {
  /** The store that the cases share. */
  readonly store: () => ObjectStore;
  /** A folder of keys that no other case uses, with its slash. */
  readonly folder: () => string;
  /** Another store of the same kind. */
  readonly open: () => Promise<OpenedObjectStore>;
  readonly skips: Readonly<Partial<Record<SkippableCase, string>>>;
}

/** A folder name that was never used. */
export function newFolder(): string {
  return `conformance/${randomUUID()}/`;
}

/** Everything that a store lists. */
export async function listed(store: ObjectStore, prefix: string): Promise<ObjectInfo[]> {
  const infos: ObjectInfo[] = [];
  for await (const info of store.list(prefix)) infos.push(info);
  return infos;
}

/** The keys under a prefix, without it. */
export async function keysUnder(store: ObjectStore, prefix: string): Promise<string[]> {
  return (await listed(store, prefix)).map(({ key }) => key.slice(prefix.length));
}

/** Chunks of zeros to nines, made as they are pulled, the same for the same size. */
export async function* pattern(
  bytes: number,
  onChunk: () => void = () => undefined,
): AsyncGenerator<Uint8Array> {
  const chunkBytes = 65_536;
  for (let sent = 0, index = 0; sent < bytes; sent += chunkBytes, index += 1) {
    onChunk();
    yield Buffer.alloc(Math.min(chunkBytes, bytes - sent), String(index % 10));
  }
}

/** Runs work on many items, a few at a time. */
export async function inParallel<Item>(
  items: readonly Item[],
  work: (item: Item) => Promise<unknown>,
): Promise<void> {
  const rest = items.values();
  const lane = async (): Promise<void> => {
    for (const item of rest) await work(item);
  };
  await Promise.all(Array.from({ length: 16 }, lane));
}

/** Bytes of array buffers that this process holds, after garbage was collected. */
export function heldBytes(): number {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}
