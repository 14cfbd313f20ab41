/** Documents and links on a database. */
import type { DeliveredDocument, Documents, Link, Links, Publication, Recorded } from './delivery-store.ts';
import { insertEvent, pendingOf, scheduleEvent } from './event-rows.ts';
import { linkOf } from './rows.ts';
import { json, whole, type Run, type Sql } from '@longshore/sql';

/** Documents. */
export function sqlDocuments({ run, transaction }: Sql): Documents {
  return {
    record: (publication) => transaction((within) => record(within, publication)),
    async get(tenant, documentId) {
      const [row] = await run(
        'SELECT document FROM longshore_documents WHERE tenant = $1 AND document_id = $2',
        [tenant, documentId],
      );
      return row === undefined ? undefined : (json(row, 'document') as DeliveredDocument);
    },
  };
}

async function record(run: Run, { document, event, link }: Publication): Promise<Recorded> {
  // First, because it makes a second recording of the event wait until this one has ended.
  if (!(await insertEvent(run, event))) return { kind: 'known', pending: await pendingOf(run, event.id) };
  const [row] = await run(
    `INSERT INTO longshore_documents AS d (tenant, document_id, revision, sequence, document, expires_at_ms)
     VALUES ($1, $2, $3, 1, $4, $5)
     ON CONFLICT (tenant, document_id) DO UPDATE SET revision = excluded.revision, sequence = d.sequence + 1,
       document = excluded.document, expires_at_ms = excluded.expires_at_ms
     WHERE d.revision <= excluded.revision RETURNING sequence`,
    [document.tenant, document.documentId, document.revision, JSON.stringify(document), document.expiresAtMs],
  );
  if (row === undefined) {
    await run('DELETE FROM longshore_events WHERE id = $1', [event.id]);
    return { kind: 'stale', pending: [] };
  }
  await run('UPDATE longshore_events SET sequence = $1 WHERE id = $2', [whole(row, 'sequence'), event.id]);
  if (link !== undefined) await insertLink(run, link);
  await scheduleEvent(run, event);
  return { kind: 'recorded', pending: await pendingOf(run, event.id) };
}

/** Links. */
export function sqlLinks({ run }: Sql): Links {
  return {
    create: (link) => insertLink(run, link),
    async find(tokenHash) {
      const [row] = await run('SELECT * FROM longshore_links WHERE token_hash = $1', [tokenHash]);
      return row === undefined ? undefined : linkOf(row);
    },
    async used(id, atMs) {
      await run('UPDATE longshore_links SET uses = uses + 1, last_used_at_ms = $1 WHERE id = $2', [atMs, id]);
    },
    async revoke(which, atMs) {
      const [condition, values] =
        'id' in which
          ? (['id = $2', [which.id]] as const)
          : (['tenant = $2 AND document_id = $3', [which.tenant, which.documentId]] as const);
      const rows = await run(
        `UPDATE longshore_links SET revoked_at_ms = $1 WHERE revoked_at_ms IS NULL AND ${condition} RETURNING id`,
        [atMs, ...values],
      );
      return rows.length;
    },
  };
}

async function insertLink(run: Run, link: Link): Promise<void> {
  await run(
    `INSERT INTO longshore_links (id, token_hash, tenant, document_id, file, created_at_ms, expires_at_ms, uses)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      link.id,
      link.tokenHash,
      link.tenant,
      link.documentId,
      JSON.stringify(link.file),
      link.createdAtMs,
      link.expiresAtMs,
      link.uses,
    ],
  );
}
