/**
 * The index in one SQLite file, synchronous, for the thread that owns the connection: transactions, and which generation
 * they are for. Every transaction looks that up anew, since another process may rebuild.
 */
import { DatabaseSync } from 'node:sqlite';
import { LongshoreError } from '@longshore/job';
import { faultOf } from '../decide-writes.ts';
import type { IndexOperation, OperationResult, SearchQuery, SearchResult } from '../search-index.ts';
import { searchSpec } from '../search-spec.ts';
import { openGeneration, type Generation } from './generation.ts';
import { dropGeneration, generationTables, openDatabase } from './schema.ts';

/** The index of one file. */
export interface IndexFile {
  bulk(operations: readonly IndexOperation[]): OperationResult[];
  search(query: SearchQuery): SearchResult;
  revisions(ids: readonly string[]): Map<string, number>;
  count(): number;
  /** Faults found between documents and terms; empty when the index is sound. */
  check(): string[];
  /** Makes an empty generation with the tombstones; from now on writes go to both. */
  beginRebuild(): void;
  /** Writes to the new generation alone. */
  fill(operations: readonly IndexOperation[]): OperationResult[];
  /** Puts the new generation in the place of the old one; answers its number of documents. */
  activate(): number;
  /** Drops the new generation. */
  abandon(): void;
  close(): void;
}

interface State {
  readonly active: number;
  readonly building: number | null;
}

/** Opens the index in a file. */
export function openIndexFile(path: string, readOnly: boolean): IndexFile {
  const database = openDatabase(path, readOnly);
  const stateOf = database.prepare('SELECT active, building FROM state');
  const state = (): State => stateOf.get() as unknown as State;
  const opened = new Map<number, Generation>();
  const generation = (wanted: number): Generation => {
    const known = opened.get(wanted) ?? openGeneration(database, wanted);
    return opened.set(wanted, known) && known;
  };
  const transaction = <Value>(begin: string, work: (state: State) => Value): Value => {
    database.exec(begin);
    try {
      const now = state();
      for (const each of opened.keys()) if (each !== now.active && each !== now.building) opened.delete(each);
      const value = work(now);
      database.exec('COMMIT');
      return value;
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      for (const each of opened.values()) each.forget();
      throw error;
    }
  };
  const reading = <Value>(work: (active: Generation) => Value): Value =>
    transaction('BEGIN', ({ active }) => work(generation(active)));
  const writing = <Value>(work: (state: State) => Value): Value => transaction('BEGIN IMMEDIATE', work);
  const rebuild = rebuildOf({ database, path, generation, writing });
  return {
    bulk: (operations) =>
      writing(({ active, building }) => {
        const targets = [active, ...(building === null ? [] : [building])].map(generation);
        return writeAll(database, targets, operations);
      }),
    search(query) {
      const spec = searchSpec(query);
      return reading((active) => active.search(spec));
    },
    revisions: (ids) => reading((active) => active.revisions(ids)),
    count: () => reading((active) => active.count()),
    check: () =>
      (readOnly
        ? reading
        : (work: (active: Generation) => string[]) => writing(({ active }) => work(generation(active))))(
        (active) => active.check(),
      ),
    ...rebuild,
    close() {
      rebuild.release();
      database.close();
    },
  };
}

/** All in one savepoint; each in its own where that fails, so that a poison document fails alone. */
function writeAll(
  database: DatabaseSync,
  targets: readonly Generation[],
  operations: readonly IndexOperation[],
): OperationResult[] {
  database.exec('SAVEPOINT every');
  try {
    const results = operations.map((operation) => writeOne(targets, operation));
    database.exec('RELEASE every');
    return results;
  } catch (error) {
    // A full disk ends the transaction, and is nobody's poison.
    if (!database.isTransaction) throw error;
    database.exec('ROLLBACK TO every; RELEASE every');
    for (const target of targets) target.forget();
    return operations.map((operation) => writeAlone(database, targets, operation));
  }
}

/** The result is that of the first generation. */
function writeOne(targets: readonly Generation[], operation: IndexOperation): OperationResult {
  const fault = faultOf(operation);
  if (fault !== undefined) return { outcome: 'failed', reason: fault };
  const [result = { outcome: 'unchanged' as const }] = targets.map((target) => target.write(operation));
  return result;
}

function writeAlone(
  database: DatabaseSync,
  targets: readonly Generation[],
  operation: IndexOperation,
): OperationResult {
  database.exec('SAVEPOINT one');
  try {
    const result = writeOne(targets, operation);
    database.exec('RELEASE one');
    return result;
  } catch (error) {
    if (!database.isTransaction) throw error;
    database.exec('ROLLBACK TO one; RELEASE one');
    for (const target of targets) target.forget();
    return { outcome: 'failed', reason: error instanceof Error ? error.message : String(error) };
  }
}

interface RebuildParts {
  readonly database: DatabaseSync;
  readonly path: string;
  readonly generation: (wanted: number) => Generation;
  readonly writing: <Value>(work: (state: State) => Value) => Value;
}

function rebuildOf({
  database,
  path,
  generation,
  writing,
}: RebuildParts): Pick<IndexFile, 'beginRebuild' | 'fill' | 'activate' | 'abandon'> & { release(): void } {
  let lock: DatabaseSync | undefined;
  const release = (): void => {
    lock?.close();
    lock = undefined;
  };
  const built = ({ building }: State): number => {
    if (building !== null) return building;
    throw new LongshoreError('index_unavailable', 'The index is not being rebuilt: start the rebuild again');
  };
  return {
    beginRebuild() {
      lock ??= exclusive(path);
      writing(({ active, building }) => {
        // Left behind by a process that was killed.
        if (building !== null) database.exec(dropGeneration(building));
        const next = Math.max(active, building ?? 0) + 1;
        database.exec(
          `${generationTables(next)} UPDATE state SET building = ${next};
           INSERT INTO documents_${next} (id, revision, title, language, source)
             SELECT id, revision, title, language, source FROM documents_${active} WHERE pages IS NULL`,
        );
      });
    },
    fill: (operations) =>
      writing((state) => {
        const target = generation(built(state));
        return writeAll(database, [target], operations);
      }),
    activate() {
      const count = writing((state) => {
        const next = built(state);
        database.exec(`UPDATE state SET active = ${next}, building = NULL; ${dropGeneration(state.active)}`);
        return generation(next).count();
      });
      release();
      return count;
    },
    abandon() {
      writing(({ building }) => {
        if (building !== null) database.exec(`UPDATE state SET building = NULL; ${dropGeneration(building)}`);
      });
      release();
    },
    release,
  };
}

/** Held by one process at a time, and let go by the system when that one dies. */
function exclusive(path: string): DatabaseSync {
  const lock = new DatabaseSync(path === ':memory:' ? path : `${path}.rebuild`, { timeout: 0 });
  try {
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    throw new LongshoreError(
      'index_unavailable',
      `The index "${path}" is being rebuilt already: wait for that rebuild to end`,
      { cause: error },
    );
  }
}
