/** A ledger in one SQLite file of this machine, for as many processes as there are. */
import type { Ledger } from '../ledger.ts';
import { checkedRetention, type Retention } from '../retention.ts';
import { ledgerOn } from '../store.ts';
import { ledgerThread } from './ledger-thread.ts';

/** Options of {@link sqliteLedger}. */
export interface SqliteLedgerOptions {
  /** The file, on a local disk; created when missing, its folders too. `:memory:` keeps nothing. */
  readonly path: string;
  /** Open an existing ledger for reading. Default `false`. */
  readonly readOnly?: boolean;
  readonly retention?: Retention;
}

/**
 * Makes a ledger. The file is opened at the first call, which says what is wrong with it; while it cannot be opened, each
 * call tries again. SQLite runs on a thread of its own, so that a batch, a checkpoint or another process's lock blocks no job.
 *
 * @throws LongshoreError `invalid_options` for a wrong retention
 */
export function sqliteLedger({ path, readOnly = false, retention }: SqliteLedgerOptions): Ledger {
  const kept = checkedRetention(retention);
  return ledgerOn(ledgerThread({ path, readOnly }), kept);
}
