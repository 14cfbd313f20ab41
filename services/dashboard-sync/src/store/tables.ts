/** The tables of the dashboards' store, in what SQLite and PostgreSQL have in common. */
import type { Sql } from '@longshore/sql';

const TABLES = [
  `CREATE TABLE IF NOT EXISTS longshore_dashboard_facts (
    id TEXT PRIMARY KEY, counted_at_ms BIGINT NOT NULL)`,
  `CREATE INDEX IF NOT EXISTS longshore_dashboard_facts_counted ON longshore_dashboard_facts (counted_at_ms)`,
  `CREATE TABLE IF NOT EXISTS longshore_dashboard_rows (
    dataset TEXT NOT NULL, key TEXT NOT NULL, version BIGINT NOT NULL, changed_at_ms BIGINT NOT NULL,
    PRIMARY KEY (dataset, key))`,
  `CREATE TABLE IF NOT EXISTS longshore_dashboard_counters (
    dataset TEXT NOT NULL, key TEXT NOT NULL, counter TEXT NOT NULL, value BIGINT NOT NULL,
    PRIMARY KEY (dataset, key, counter))`,
  `CREATE TABLE IF NOT EXISTS longshore_dashboard_shown (
    dashboard TEXT NOT NULL, dataset TEXT NOT NULL, key TEXT NOT NULL, version BIGINT NOT NULL,
    PRIMARY KEY (dashboard, dataset, key))`,
  `CREATE TABLE IF NOT EXISTS longshore_dashboard_leaders (
    name TEXT PRIMARY KEY, holder TEXT NOT NULL, until_ms BIGINT NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS longshore_dashboard_accounts (
    account TEXT PRIMARY KEY, not_before_ms BIGINT NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS longshore_dashboard_calls (
    account TEXT NOT NULL, slot INTEGER NOT NULL, at_ms BIGINT NOT NULL, PRIMARY KEY (account, slot))`,
];

/** Makes what is missing. Processes that start together do so one after the other. */
export async function makeTables({ transaction, lockSchema }: Sql): Promise<void> {
  await transaction(async (run) => {
    if (lockSchema !== undefined) await run(lockSchema);
    for (const table of TABLES) await run(table);
  });
}
