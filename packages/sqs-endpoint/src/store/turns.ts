/**
 * Transactions by turns of the event loop: everything that is asked for in one turn is committed once, at its end, and
 * only then answered. An answer therefore means that the file has it, and a burst of calls costs one commit.
 */
import type { DatabaseSync } from 'node:sqlite';
import { SqsFault } from '../protocol/fault.ts';

/** Runs work in the transaction of the current turn. */
export interface Turns {
  /** Runs `work` at once. What it returns arrives when it is committed; a {@link SqsFault} that it throws arrives, too. */
  run<Value>(work: () => Value): Promise<Value>;
  /** Inside a turn: has `settle` called once the turn is committed, or given its failure. */
  settled(settle: (failure: unknown) => void): void;
  /** Commits what is open. Nothing may be asked for afterwards. */
  close(): void;
}

/** What the owner of the data does at the ends of a turn. */
export interface TurnHooks {
  /** Last work of each transaction. */
  readonly beforeCommit: () => void;
  /** The turn was rolled back: what was remembered outside the file is worth nothing. */
  readonly rolledBack: (failure: unknown) => void;
}

/** Turns on a database. */
export function createTurns(database: DatabaseSync, { beforeCommit, rolledBack }: TurnHooks): Turns {
  const [begin, commit, rollback] = ['BEGIN', 'COMMIT', 'ROLLBACK'].map((sql) => database.prepare(sql));
  let waiting: ((failure: unknown) => void)[] = [];
  let isOpen = false;
  let failure: unknown;

  const open = (): void => {
    if (isOpen) return;
    begin?.run();
    isOpen = true;
    failure = undefined;
    setImmediate(end);
  };
  const attempt = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      failure ??= error;
    }
  };
  const end = (): void => {
    if (!isOpen) return;
    if (failure === undefined) attempt(beforeCommit);
    if (failure === undefined) attempt(() => void commit?.run());
    isOpen = false;
    if (failure !== undefined) {
      // A commit that failed may have ended the transaction by itself.
      if (database.isTransaction) rollback?.run();
      rolledBack(failure);
    }
    const settles = waiting;
    waiting = [];
    for (const settle of settles) settle(failure);
  };

  return {
    run(work) {
      return new Promise((resolve, reject) => {
        try {
          open();
          const value = work();
          waiting.push((reason) => {
            if (reason === undefined) resolve(value);
            else reject(asError(reason));
          });
        } catch (error) {
          // Faults are thrown before anything is written; everything else leaves the transaction in doubt.
          if (!(error instanceof SqsFault)) failure ??= error;
          reject(asError(error));
        }
      });
    },
    settled: (settle) => void waiting.push(settle),
    close: end,
  };
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
