/** Where a fleet's job ledger is, by the environment, and how it is opened. Only the driver in use is loaded. */
import { LongshoreError, parseDurationMs } from '@longshore/job';
import type { Ledger, Retention } from '@longshore/ledger';
import type { Environment } from './settings.ts';

/** Where a ledger is, and how long it keeps what. */
export type LedgerLocation = { readonly retention: Retention } & (
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'postgres'; readonly url: string }
);

/** A worker writes one batch at a time; a person's command reads a little. */
const MAX_CONNECTIONS = 2;
const CONNECT_WITHIN_MS = 5_000;
const ANSWER_WITHIN_MS = 30_000;

const RETENTIONS: Readonly<Record<string, 'countsMs' | 'jobsMs' | 'scalingMs'>> = {
  counts: 'countsMs',
  jobs: 'jobsMs',
  scaling: 'scalingMs',
};

/** Reads `LONGSHORE_LEDGER` and `LONGSHORE_LEDGER_RETENTION`. What is wrong is added to `faults`. */
export function readLedgerLocation(env: Environment, faults: string[]): LedgerLocation | undefined {
  const value = env['LONGSHORE_LEDGER'] ?? '';
  const retention = readRetention(env['LONGSHORE_LEDGER_RETENTION'] ?? '', faults);
  if (value === '') return undefined;
  const location = locationOf(value);
  if (location !== undefined) return { ...location, retention };
  // The URL may hold a password, so it is not repeated.
  faults.push(
    'LONGSHORE_LEDGER is no URL like sqlite:///var/lib/longshore/ledger.db or postgres://user@host/database',
  );
  return undefined;
}

function locationOf(value: string) {
  const url = URL.parse(value);
  if (url?.protocol === 'postgres:' || url?.protocol === 'postgresql:')
    return url.hostname === '' ? undefined : { kind: 'postgres' as const, url: value };
  if (url?.protocol !== 'sqlite:' || url.host !== '' || url.pathname.length < 2) return undefined;
  try {
    return { kind: 'sqlite' as const, path: decodeURIComponent(url.pathname) };
  } catch {
    return undefined;
  }
}

function readRetention(value: string, faults: string[]): Retention {
  const retention: Partial<Record<'countsMs' | 'jobsMs' | 'scalingMs', number>> = {};
  for (const part of value.split(',').filter((each) => each !== '')) {
    const [name = '', duration = ''] = part.split('=', 2);
    const key = RETENTIONS[name.trim()];
    try {
      if (key === undefined) throw new LongshoreError('invalid_options', `There is no "${name.trim()}"`);
      retention[key] = parseDurationMs(duration.trim());
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      faults.push(
        `LONGSHORE_LEDGER_RETENTION is "${value}", expected counts=35d,jobs=7d,scaling=14d: ${reason}`,
      );
    }
  }
  return retention;
}

/**
 * Opens a ledger; `close` ends its connections too. Nothing is connected before it is used.
 *
 * @throws LongshoreError `invalid_options` for a wrong retention
 */
export async function openLedger(location: LedgerLocation): Promise<Ledger> {
  const { retention } = location;
  if (location.kind === 'sqlite') {
    const { sqliteLedger } = await import('@longshore/ledger/sqlite');
    return sqliteLedger({ path: location.path, retention });
  }
  const [{ Pool }, { postgresLedger }] = await Promise.all([
    import('pg'),
    import('@longshore/ledger/postgres'),
  ]);
  const pool = new Pool({
    connectionString: location.url,
    application_name: 'longshore',
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_WITHIN_MS,
    query_timeout: ANSWER_WITHIN_MS,
  });
  // An idle connection that breaks is replaced by the next call, which tells what is wrong.
  pool.on('error', () => undefined);
  const ledger = postgresLedger({ client: pool, retention });
  let ended: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    await ledger.close();
    await (ended ??= pool.end());
  };
  return { ...ledger, close, [Symbol.asyncDispose]: close };
}
