/** The tables, in SQL that PostgreSQL and SQLite both read, and how they are made. */
import { LongshoreError } from '@longshore/job';
import { whole, type Sql } from '@longshore/sql';

/** What brings the tables from each version to the next; the number of steps is the version. Never change one: add one. */
const STEPS: readonly (readonly string[])[] = [
  [
    `CREATE TABLE longshore_documents (
      tenant text NOT NULL, document_id text NOT NULL, revision bigint NOT NULL, sequence bigint NOT NULL,
      document text NOT NULL, expires_at_ms bigint NOT NULL,
      PRIMARY KEY (tenant, document_id)
    )`,
    `CREATE TABLE longshore_links (
      id text PRIMARY KEY, token_hash text NOT NULL UNIQUE, tenant text NOT NULL, document_id text NOT NULL,
      file text NOT NULL, created_at_ms bigint NOT NULL, expires_at_ms bigint NOT NULL, revoked_at_ms bigint,
      uses bigint NOT NULL, last_used_at_ms bigint
    )`,
    `CREATE INDEX longshore_links_document ON longshore_links (tenant, document_id)`,
    `CREATE TABLE longshore_endpoints (
      id text PRIMARY KEY, tenant text NOT NULL, kind text NOT NULL, target text NOT NULL, secrets text NOT NULL,
      event_types text NOT NULL, state text NOT NULL, disabled_reason text, created_at_ms bigint NOT NULL,
      failures bigint NOT NULL, failing_since_ms bigint, open_until_ms bigint NOT NULL
    )`,
    `CREATE INDEX longshore_endpoints_tenant ON longshore_endpoints (tenant)`,
    `CREATE TABLE longshore_events (
      id text PRIMARY KEY, type text NOT NULL, tenant text NOT NULL, at_ms bigint NOT NULL, data text NOT NULL,
      link_id text, sequence bigint NOT NULL, only_endpoint text
    )`,
    `CREATE INDEX longshore_events_tenant ON longshore_events (tenant, at_ms)`,
    `CREATE INDEX longshore_events_at ON longshore_events (at_ms)`,
    `CREATE TABLE longshore_deliveries (
      event_id text NOT NULL, endpoint_id text NOT NULL, state text NOT NULL, attempts bigint NOT NULL,
      due_at_ms bigint NOT NULL, lease_until_ms bigint NOT NULL, lease_token text,
      PRIMARY KEY (event_id, endpoint_id)
    )`,
    `CREATE INDEX longshore_deliveries_due ON longshore_deliveries (endpoint_id, due_at_ms) WHERE state = 'pending'`,
    `CREATE INDEX longshore_deliveries_leased ON longshore_deliveries (endpoint_id, lease_until_ms)
      WHERE state = 'pending'`,
    `CREATE TABLE longshore_delivery_attempts (
      endpoint_id text NOT NULL, event_id text NOT NULL, attempt bigint NOT NULL, at_ms bigint NOT NULL,
      duration_ms bigint NOT NULL, outcome text NOT NULL, status bigint, error text
    )`,
    `CREATE INDEX longshore_delivery_attempts_endpoint ON longshore_delivery_attempts (endpoint_id, at_ms)`,
    `CREATE INDEX longshore_delivery_attempts_event ON longshore_delivery_attempts (event_id)`,
    `CREATE INDEX longshore_delivery_attempts_at ON longshore_delivery_attempts (at_ms)`,
  ],
];

/**
 * Makes the tables or brings them up to date; processes that start together do it once.
 *
 * @throws LongshoreError `invalid_options` when a newer program made them; `delivery_unavailable`
 */
export async function makeTables(sql: Sql, steps: readonly (readonly string[])[] = STEPS): Promise<void> {
  await sql.transaction(async (run) => {
    if (sql.lockSchema !== undefined) await run(sql.lockSchema);
    await run('CREATE TABLE IF NOT EXISTS longshore_delivery (version bigint NOT NULL)');
    const [row] = await run('SELECT coalesce(max(version), 0) AS version FROM longshore_delivery');
    const version = row === undefined ? 0 : whole(row, 'version');
    if (version > steps.length)
      throw new LongshoreError(
        'invalid_options',
        `Cannot use the delivery tables: they have version ${version}, this program knows versions up to ${steps.length}: use a newer program`,
      );
    for (const statement of steps.slice(version).flat()) await run(statement);
    if (version < steps.length)
      await run('INSERT INTO longshore_delivery (version) VALUES ($1)', [steps.length]);
  });
}
