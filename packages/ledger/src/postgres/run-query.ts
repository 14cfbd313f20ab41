/** How statements reach PostgreSQL, and what its failures mean to the caller. */
import { LongshoreError } from '@longshore/job';
import type { Row } from '../store.ts';

/** A pool of `pg`, or what has its `query`. */
export interface PostgresClient {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
}

/**
 * Classes of SQLSTATE that no later try changes: 22 wrong data, 42 no such table, column or permission, 0A not supported.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const LASTING = /^(?:22|42|0A)/;

/** Runs a statement. @throws LongshoreError `ledger_unavailable`, `ledger_incompatible` */
export async function runQuery(
  client: PostgresClient,
  text: string,
  values?: readonly unknown[],
): Promise<readonly Row[]> {
  try {
    // Without values the text may hold several statements, which are then one transaction.
    const { rows } = await (values === undefined ? client.query(text) : client.query(text, [...values]));
    return rows as readonly Row[];
  } catch (cause) {
    throw fault(cause);
  }
}

function fault(cause: unknown): LongshoreError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const sqlState = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const options = { cause, details: { sqlState } };
  return LASTING.test(sqlState)
    ? new LongshoreError(
        'ledger_incompatible',
        `Cannot use the ledger in PostgreSQL: ${reason}; its tables are made by a role that may create tables, and others need SELECT, INSERT, UPDATE and DELETE on them`,
        options,
      )
    : new LongshoreError('ledger_unavailable', `Cannot reach the ledger in PostgreSQL: ${reason}`, {
        ...options,
        retryable: true,
      });
}
