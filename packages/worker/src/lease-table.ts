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

// A record: generation, lengths of the two texts, three times, then the texts.
const GENERATION = 0;
const ID_LENGTH = 1;
const HANDLE_LENGTH = 2;
const INTEGERS = 4;
const UNTIL = 0;
const CEILING = 1;
const RECEIVED = 2;
const TIMES_OFFSET = INTEGERS * Int32Array.BYTES_PER_ELEMENT;
const TEXT_OFFSET = TIMES_OFFSET + 3 * Float64Array.BYTES_PER_ELEMENT;
const RECORD_BYTES = Math.ceil((TEXT_OFFSET + MAX_ID_BYTES + MAX_HANDLE_BYTES) / 8) * 8;
/** A token is the generation times this plus the record's number. */
const MAX_RECORDS = 65_536;
const MAX_GENERATION = 2 ** 31 - 1;

/** A table for at most `capacity` leases. */
export function leaseTable(capacity: number): LeaseTable {
  const memory = new SharedArrayBuffer(Math.min(capacity, MAX_RECORDS) * RECORD_BYTES);
  const records = views(memory);
  const free = records.map((_record, index) => records.length - 1 - index);
  let generation = 0;
  const owned = (token: LeaseToken): RecordView | undefined => {
    const record = records[token % MAX_RECORDS];
    return record?.integers[GENERATION] === Math.floor(token / MAX_RECORDS) ? record : undefined;
  };
  return {
    memory,
    hold(held) {
      const index = free.pop();
      const record = index === undefined ? undefined : records[index];
      if (index === undefined || record === undefined) return undefined;
      if (!write(record, held)) {
        free.push(index);
        return undefined;
      }
      generation = generation === MAX_GENERATION ? 1 : generation + 1;
      Atomics.store(record.integers, GENERATION, generation);
      return generation * MAX_RECORDS + index;
    },
    drop(token) {
      const record = owned(token);
      if (record === undefined) return;
      Atomics.store(record.integers, GENERATION, 0);
      free.push(token % MAX_RECORDS);
    },
    setCeiling(token, ceilingMs) {
      const record = owned(token);
      if (record !== undefined) record.times[CEILING] = ceilingMs;
    },
  };
}

/** Reads the table in this memory. */
export function leaseTableReader(memory: LeaseTableMemory): LeaseTableReader {
  const records = views(memory);
  return {
    *entries() {
      for (const [index, record] of records.entries()) {
        const generation = Atomics.load(record.integers, GENERATION);
        if (generation === 0) continue;
        const [untilMs = 0, ceilingMs = 0] = record.times;
        // Times of a record that changed hands in between belong to another lease.
        if (Atomics.load(record.integers, GENERATION) !== generation) continue;
        yield {
          token: generation * MAX_RECORDS + index,
          untilMs,
          ceilingMs,
          readLease: () => {
            const lease = readLease(record);
            return Atomics.load(record.integers, GENERATION) === generation ? lease : undefined;
          },
        };
      }
    },
  };
}

interface RecordView {
  readonly integers: Int32Array;
  readonly times: Float64Array;
  readonly text: Buffer;
}

function views(memory: LeaseTableMemory): RecordView[] {
  return Array.from({ length: memory.byteLength / RECORD_BYTES }, (_, index) => {
    const start = index * RECORD_BYTES;
    return {
      integers: new Int32Array(memory, start, INTEGERS),
      times: new Float64Array(memory, start + TIMES_OFFSET, 3),
      text: Buffer.from(memory, start + TEXT_OFFSET, MAX_ID_BYTES + MAX_HANDLE_BYTES),
    };
  });
}

function write({ integers, times, text }: RecordView, held: HeldLease): boolean {
  const { messageId, handle, receivedAtMs } = held.lease;
  if (Buffer.byteLength(messageId) > MAX_ID_BYTES || Buffer.byteLength(handle) > MAX_HANDLE_BYTES)
    return false;
  const idLength = text.write(messageId, 0);
  integers[ID_LENGTH] = idLength;
  integers[HANDLE_LENGTH] = text.write(handle, idLength);
  times[UNTIL] = held.untilMs;
  times[CEILING] = held.ceilingMs;
  times[RECEIVED] = receivedAtMs;
  return true;
}

function readLease({ integers, times, text }: RecordView): Lease {
  const idLength = integers[ID_LENGTH] ?? 0;
  return {
    messageId: text.toString('utf8', 0, idLength),
    handle: text.toString('utf8', idLength, idLength + (integers[HANDLE_LENGTH] ?? 0)),
    receivedAtMs: times[RECEIVED] ?? 0,
  };
}
