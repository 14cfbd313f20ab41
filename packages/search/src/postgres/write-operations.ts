/** Writes operations in transactions: a batch is one, halved where the data spoils it. */
import type { IndexOperation, OperationResult } from '../search-index.ts';
import {
  inTransaction,
  isDataFault,
  isMissingTable,
  unavailable,
  type PostgresPool,
  type Run,
  type TransactionTimes,
} from './connection.ts';
import { generationsOf, overtaken, tablesOf } from './schema.ts';
import { saveWords, type Vocabulary } from './vocabulary.ts';
import { writeBatch } from './write-batch.ts';

/** Where and how operations are written. */
export interface WriteSettings {
  readonly pool: PostgresPool;
  readonly name: string;
  readonly writing: TransactionTimes;
  readonly vocabulary: Vocabulary;
}

/** Writes to the active generation, and to the one that is being built. Results are those of the active one. */
export async function writeOperations(
  settings: WriteSettings,
  operations: readonly IndexOperation[],
): Promise<OperationResult[]> {
  return await inHalves(settings, operations, async (run, some, see) => {
    const { active, building } = await generationsOf(run, settings.name, 'shared');
    // Always in this order: writers that wrote the two in different orders would block each other.
    const results = await writeBatch(run, tablesOf(settings.name, active), some, see);
    if (building !== undefined) await writeBatch(run, tablesOf(settings.name, building), some);
    return results;
  });
}

/** Writes to a generation that is being built. @throws LongshoreError `index_unavailable` when another is built by now */
export async function writeToBuilding(
  settings: WriteSettings,
  generation: number,
  operations: readonly IndexOperation[],
): Promise<OperationResult[]> {
  return await inHalves(settings, operations, async (run, some, see) => {
    const { building } = await generationsOf(run, settings.name, 'shared');
    if (building !== generation) throw overtaken(settings.name);
    return await writeBatch(run, tablesOf(settings.name, generation), some, see);
  });
}

type Write = (
  run: Run,
  operations: readonly IndexOperation[],
  see: (word: string) => void,
) => Promise<OperationResult[]>;

async function inHalves(
  settings: WriteSettings,
  operations: readonly IndexOperation[],
  write: Write,
): Promise<OperationResult[]> {
  if (operations.length === 0) return [];
  try {
    const { vocabulary } = settings;
    const fresh = new Set<string>();
    const results = await inTransaction(settings.pool, settings.writing, async (run) => {
      const written = await write(run, operations, (word) => {
        if (!vocabulary.isKnown(word)) fresh.add(word);
      });
      await saveWords(run, tablesOf(settings.name, 0).words, fresh);
      return written;
    });
    vocabulary.remember(fresh);
    return results;
  } catch (error) {
    if (!isDataFault(error)) throw isMissingTable(error) ? unavailable(error) : error;
    if (operations.length === 1)
      return [{ outcome: 'failed', reason: `PostgreSQL refuses it: ${error.message}` }];
    const middle = Math.ceil(operations.length / 2);
    const first = await inHalves(settings, operations.slice(0, middle), write);
    return [...first, ...(await inHalves(settings, operations.slice(middle), write))];
  }
}
