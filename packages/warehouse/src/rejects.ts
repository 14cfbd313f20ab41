/** Rows that PostgreSQL refused, kept with the reason until someone has looked at them. */
import type pg from 'pg';
import type { DocumentEvent } from './document-event.ts';
import { faultCode, unavailable } from './fault.ts';

const REJECT = `INSERT INTO warehouse.longshore_rejects AS r (document_id, revision, tenant, reason, sql_state, payload)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (document_id, revision, tenant) DO UPDATE
SET reason = excluded.reason, sql_state = excluded.sql_state, payload = excluded.payload, rejected_at = now()`;

/**
 * Keeps an event that PostgreSQL refused, and resolves with the reason.
 *
 * @throws LongshoreError `dependency_down`
 */
export async function recordReject(pool: pg.Pool, event: DocumentEvent, error: unknown): Promise<string> {
  const reason = error instanceof Error ? error.message : String(error);
  // PostgreSQL's text has no NUL; JSON escapes it.
  const tenant = (event.tenant ?? '').replaceAll('\0', '�');
  try {
    await pool.query(REJECT, [
      event.documentId,
      event.revision,
      tenant,
      reason,
      faultCode(error),
      JSON.stringify(event),
    ]);
  } catch (cause) {
    throw unavailable(cause);
  }
  return reason;
}
