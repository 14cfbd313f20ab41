/**
 * Opens the ledger that `LONGSHORE_LEDGER` names, or that of the local fleet of this folder, for reading: a mistyped path is
 * an error and no new, empty ledger.
 */
import { existsSync } from 'node:fs';
import { LongshoreError } from '@longshore/job';
import { openLedger, readLedgerLocation, type Environment } from '@longshore/launch';
import type { Ledger } from '@longshore/ledger';
import { loadFleet } from '../load-fleet.ts';
import { localState } from '../local/state.ts';

/** Whose ledger. */
export interface ScalingLedgerOptions {
  readonly env: Environment;
  readonly cwd: string;
  /** Path of the fleet file, as given. */
  readonly fleet: string | undefined;
}

/**
 * Opens it.
 *
 * @throws LongshoreError `invalid_options` when the variable is wrong, or missing for a fleet that is not local. A ledger
 * that cannot be read rejects the first call with `ledger_unavailable`.
 */
export async function openScalingLedger({ env, cwd, fleet }: ScalingLedgerOptions): Promise<Ledger> {
  const faults: string[] = [];
  const location = readLedgerLocation(env, faults);
  if (faults.length > 0)
    throw new LongshoreError('invalid_options', `Cannot open the ledger: ${faults.join('; ')}`);
  if (location?.kind === 'postgres') return await openLedger(location);
  const { sqliteLedger } = await import('@longshore/ledger/sqlite');
  if (location !== undefined) return sqliteLedger({ path: location.path, readOnly: true });
  const local = env['LONGSHORE_OBJECTS'] === undefined ? await localLedger(env, cwd, fleet) : undefined;
  if (local !== undefined) return sqliteLedger({ path: local, readOnly: true });
  throw new LongshoreError(
    'invalid_options',
    'No ledger is configured: set LONGSHORE_LEDGER to where the fleet records, like sqlite:///var/lib/longshore/ledger.db or postgres://user@host/database',
  );
}

/** The ledger of the local fleet; `undefined` when it has not run yet. */
async function localLedger(
  env: Environment,
  cwd: string,
  fleet: string | undefined,
): Promise<string | undefined> {
  const { path } = await loadFleet({ cwd, path: fleet });
  const { ledger } = await localState(path, env);
  return existsSync(ledger) ? ledger : undefined;
}
