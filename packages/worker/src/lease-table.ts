/**
 * The leases that a worker holds, in memory that its lease thread shares: to take or give up a lease is a few writes to
 * memory, no message between threads, and the thread sees it even while the main thread is blocked.
 *
 * Only the owner writes records; a keeper reads them. A record carries a generation that is 0 while it is free or being
 * written, so that a reader can tell a whole record from a torn or an exchanged one.
 */
import type { Lease } from '@longshore/queue';

/** A lease to keep. */
export interface HeldLease {
  readonly lease: Lease;
  /** Until when the lease holds now. */
  readonly untilMs: number;
  /** No extension reaches beyond this time. */
  readonly ceilingMs: number;
}

/** Names one held lease for as long as it is held; never used twice. */
export type LeaseToken = number;

/** Memory of a table, to hand to a thread. */
export type LeaseTableMemory = SharedArrayBuffer;

/** The owner's side. */
export interface LeaseTable {
  readonly memory: LeaseTableMemory;
  /** `undefined` when the table is full, or the lease's texts are too long for it. */
  hold(held: HeldLease): LeaseToken | undefined;
  drop(token: LeaseToken): void;
  setCeiling(token: LeaseToken, ceilingMs: number): void;
}

/** A lease as a keeper sees it. */
export interface TableEntry {
  readonly token: LeaseToken;
  readonly untilMs: number;
  readonly ceilingMs: number;
  /** The lease itself; `undefined` when it was given up meanwhile. */
  readonly readLease: () => Lease | undefined;
}

/** The keeper's side. */
export interface LeaseTableReader {
  /** Every lease that is held now. */
  entries(): Iterable<TableEntry>;
}

/** Receipt handles of SQS have at most 1,024 characters, those of other queues are shorter. */
const MAX_HANDLE_BYTES = 1_024;
const MAX_ID_BYTES = 128;

// The memory: a header, then for each record its integers (generation, lengths of two texts), its times, and its texts.
const HEADER_INTEGERS = 2;
/** In the header: records from here on were never used. */
const END = 0;
const GENERATION = 0;
const ID_LENGTH = 1;
const HANDLE_LENGTH = 2;
const INTEGERS = 4;
const UNTIL = 0;
const CEILING = 1;
const RECEIVED = 2;
const TIMES = 3;
const TEXT_BYTES = MAX_ID_BYTES + MAX_HANDLE_BYTES;
const RECORD_BYTES =
  INTEGERS * Int32Array.BYTES_PER_ELEMENT + TIMES * Float64Array.BYTES_PER_ELEMENT + TEXT_BYTES;
const HEADER_BYTES = HEADER_INTEGERS * Int32Array.BYTES_PER_ELEMENT;
/** A token is the generation times this plus the record's number. */
const MAX_RECORDS = 65_536;
const MAX_GENERATION = 2 ** 31 - 1;

/** A table for at most `capacity` leases. */
export function leaseTable(capacity: number): LeaseTable {
  const size = Math.min(capacity, MAX_RECORDS);
  const memory = new SharedArrayBuffer(HEADER_BYTES + size * RECORD_BYTES);
  const view = viewOf(memory);
  const free: number[] = [];
  let end = 0;
  let generation = 0;
  const take = (): number | undefined => {
    if (free.length > 0 || end === size) return free.pop();
    end += 1;
    Atomics.store(view.integers, END, end);
    return end - 1;
  };
  const isOwned = (token: LeaseToken): boolean =>
    token % MAX_RECORDS < end &&
    view.integers[integer(token % MAX_RECORDS, GENERATION)] === Math.floor(token / MAX_RECORDS);
  return {
    memory,
    hold(held) {
      if (!fits(held.lease)) return undefined;
      const record = take();
      if (record === undefined) return undefined;
      write(view, record, held);
      generation = generation === MAX_GENERATION ? 1 : generation + 1;
      Atomics.store(view.integers, integer(record, GENERATION), generation);
      return generation * MAX_RECORDS + record;
    },
    drop(token) {
      if (!isOwned(token)) return;
      Atomics.store(view.integers, integer(token % MAX_RECORDS, GENERATION), 0);
      free.push(token % MAX_RECORDS);
    },
    setCeiling(token, ceilingMs) {
      if (isOwned(token)) view.times[time(token % MAX_RECORDS, CEILING)] = ceilingMs;
    },
  };
}

/** Reads the table in this memory. */
export function leaseTableReader(memory: LeaseTableMemory): LeaseTableReader {
  const view = viewOf(memory);
  const generationOf = (record: number): number => Atomics.load(view.integers, integer(record, GENERATION));
  return {
    *entries() {
      const end = Atomics.load(view.integers, END);
      for (let record = 0; record < end; record += 1) {
        const generation = generationOf(record);
        if (generation === 0) continue;
        const untilMs = view.times[time(record, UNTIL)] ?? 0;
        const ceilingMs = view.times[time(record, CEILING)] ?? 0;
        // Times of a record that changed hands in between belong to another lease.
        if (generationOf(record) !== generation) continue;
        yield {
          token: generation * MAX_RECORDS + record,
          untilMs,
          ceilingMs,
          readLease: () => {
            const lease = read(view, record);
            return generationOf(record) === generation ? lease : undefined;
          },
        };
      }
    },
  };
}

interface View {
  readonly integers: Int32Array;
  readonly times: Float64Array;
  readonly text: Buffer;
}

function viewOf(memory: LeaseTableMemory): View {
  const size = (memory.byteLength - HEADER_BYTES) / RECORD_BYTES;
  const integers = new Int32Array(memory, 0, HEADER_INTEGERS + size * INTEGERS);
  const times = new Float64Array(memory, integers.byteLength, size * TIMES);
  const text = Buffer.from(memory, integers.byteLength + times.byteLength, size * TEXT_BYTES);
  return { integers, times, text };
}

function integer(record: number, field: number): number {
  return HEADER_INTEGERS + record * INTEGERS + field;
}

function time(record: number, field: number): number {
  return record * TIMES + field;
}

function fits({ messageId, handle }: Lease): boolean {
  return Buffer.byteLength(messageId) <= MAX_ID_BYTES && Buffer.byteLength(handle) <= MAX_HANDLE_BYTES;
}

function write({ integers, times, text }: View, record: number, held: HeldLease): void {
  const { messageId, handle, receivedAtMs } = held.lease;
  const start = record * TEXT_BYTES;
  const idLength = text.write(messageId, start);
  integers[integer(record, ID_LENGTH)] = idLength;
  integers[integer(record, HANDLE_LENGTH)] = text.write(handle, start + idLength);
  times[time(record, UNTIL)] = held.untilMs;
  times[time(record, CEILING)] = held.ceilingMs;
  times[time(record, RECEIVED)] = receivedAtMs;
}

function read({ integers, times, text }: View, record: number): Lease {
  const start = record * TEXT_BYTES;
  const handleStart = start + (integers[integer(record, ID_LENGTH)] ?? 0);
  const end = handleStart + (integers[integer(record, HANDLE_LENGTH)] ?? 0);
  return {
    messageId: text.toString('utf8', start, handleStart),
    handle: text.toString('utf8', handleStart, end),
    receivedAtMs: times[time(record, RECEIVED)] ?? 0,
  };
}
