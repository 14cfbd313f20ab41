/** The tables of a ledger in PostgreSQL, and how an older one is brought up to date. */
import { LongshoreError } from '@longshore/job';
import { runQuery, type PostgresClient } from './run-query.ts';

/** What brings a ledger from each version to the next; the number of steps is the version. Never change one: add one. */
export const POSTGRES_STEPS: readonly string[] = [
  `
  CREATE TABLE longshore_attempts (
    at_ms bigint NOT NULL, service text NOT NULL, job text NOT NULL, outcome text NOT NULL,
    count bigint NOT NULL, attempts bigint NOT NULL, waited_ms float8 NOT NULL, ran_ms float8 NOT NULL,
    PRIMARY KEY (at_ms, service, job, outcome)
  );
  CREATE TABLE longshore_arrivals (
    at_ms bigint NOT NULL, service text NOT NULL, job text NOT NULL, sent bigint NOT NULL, settled bigint NOT NULL,
    PRIMARY KEY (at_ms, service, job)
  );
  CREATE TABLE longshore_bins (
    at_ms bigint NOT NULL, service text NOT NULL, job text NOT NULL, kind text NOT NULL, bin int NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (at_ms, service, job, kind, bin)
  );
  CREATE TABLE longshore_jobs (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at_ms bigint NOT NULL, service text NOT NULL, worker text NOT NULL, revision text NOT NULL, job text NOT NULL,
    id text, outcome text NOT NULL, attempt int NOT NULL, waited_ms float8 NOT NULL, ran_ms float8 NOT NULL,
    code text, reason text
  );
  CREATE INDEX longshore_jobs_at_ms ON longshore_jobs (at_ms);
  CREATE TABLE longshore_writers (
    writer text PRIMARY KEY, sequence bigint NOT NULL,
    worker text NOT NULL, service text NOT NULL, revision text NOT NULL,
    first_seen_ms bigint NOT NULL, last_seen_ms bigint NOT NULL,
    rss_bytes bigint NOT NULL, max_rss_bytes bigint NOT NULL, dropped bigint NOT NULL
  );
  CREATE INDEX longshore_writers_last_seen_ms ON longshore_writers (last_seen_ms);
  CREATE TABLE longshore_scaling (
    at_ms bigint NOT NULL, service text NOT NULL, desired bigint NOT NULL, is_change int NOT NULL,
    reason text NOT NULL, record text NOT NULL, -- JSON, letter by letter
    PRIMARY KEY (at_ms, service)
  );
  `,
];

/** Any number that nobody else takes for an advisory lock: "LSLG" twice. */
const LOCK = '5499560389284154439';

/**
 * Creates the tables or brings them up to date, once for a whole fleet that starts together. Needs no right to create
 * anything where they are as they should be.
 *
 * @throws LongshoreError `ledger_incompatible`, `ledger_unavailable`
 */
export async function migrate(
  client: PostgresClient,
  steps: readonly string[] = POSTGRES_STEPS,
): Promise<void> {
  const version = await versionOf(client);
  if (version === steps.length) return;
  if (version > steps.length) {
    throw new LongshoreError(
      'ledger_incompatible',
      `Cannot use the ledger in PostgreSQL: it has version ${version}, this program knows versions up to ${steps.length}: use a newer program`,
    );
  }
  // A block runs in one transaction; who comes second finds the version that the first has left.
  const tasks = steps.map(
    (step, index) => `IF version < ${index + 1} THEN EXECUTE $step$${step}$step$; END IF;`,
  );
  await runQuery(
    client,
    `DO $migration$ DECLARE version int; BEGIN
       PERFORM pg_advisory_xact_lock(${LOCK});
       CREATE TABLE IF NOT EXISTS longshore_ledger (version int NOT NULL);
       SELECT coalesce(max(l.version), 0) INTO version FROM longshore_ledger l;
       ${tasks.join('\n')}
       DELETE FROM longshore_ledger l WHERE l.version < ${steps.length};
       IF version < ${steps.length} THEN INSERT INTO longshore_ledger VALUES (${steps.length}); END IF;
     END $migration$`,
  );
}

async function versionOf(client: PostgresClient): Promise<number> {
  const [found] = await runQuery(client, "SELECT to_regclass('longshore_ledger') IS NOT NULL AS found");
  if (found?.['found'] !== true) return 0;
  const [row] = await runQuery(client, 'SELECT coalesce(max(version), 0) AS version FROM longshore_ledger');
  return Number(row?.['version'] ?? 0);
}
