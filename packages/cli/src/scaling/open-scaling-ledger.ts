/** Opens the ledger that `LONGSHORE_LEDGER` names, for reading: a mistyped path is an error and no new, empty ledger. */
import { LongshoreError } from '@longshore/job';
import { openLedger, readLedgerLocation, type Environment } from '@longshore/launch';
import type { Ledger } from '@longshore/ledger';

/**
 * Opens it.
 *
 * @throws LongshoreError `invalid_options` when the variable is missing or wrong. A ledger that cannot be read rejects the
 * first call with `ledger_unavailable`.
 */
export async function openScalingLedger(env: Environment): Promise<Ledger> {
  const faults: string[] = [];
  const location = readLedgerLocation(env, faults);
  if (faults.length > 0)
    throw new LongshoreError('invalid_options', `Cannot open the ledger: ${faults.join('; ')}`);
  if (location === undefined) {
    throw new LongshoreError(
      'invalid_options',
      'No ledger is configured: set LONGSHORE_LEDGER to where the fleet records, like sqlite:///var/lib/longshore/ledger.db or postgres://user@host/database',
    );
  }
  if (location.kind === 'postgres') return await openLedger(location);
  const { sqliteLedger } = await import('@longshore/ledger/sqlite');
  return sqliteLedger({ path: location.path, readOnly: true });
}
