/** Who pushes, and the requests of an account: rows that one process at a time holds. */
import { whole, type Sql } from '@longshore/sql';
import type { DashboardStore } from './dashboard-store.ts';

/** The part of the store about rights. */
export function sqlCalls(sql: Sql): Pick<DashboardStore, 'lead' | 'resign' | 'takeCall' | 'pause'> {
  const { run, transaction, forUpdate } = sql;
  return {
    async lead(name, holder, { nowMs, untilMs }) {
      const taken = await run(
        `INSERT INTO longshore_dashboard_leaders AS t (name, holder, until_ms) VALUES ($1, $2, $3)
        ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until_ms = excluded.until_ms
        WHERE t.until_ms <= $4 OR t.holder = excluded.holder RETURNING name`,
        [name, holder, Math.floor(untilMs), Math.floor(nowMs)],
      );
      return taken.length > 0;
    },
    async resign(name, holder) {
      await run('DELETE FROM longshore_dashboard_leaders WHERE name = $1 AND holder = $2', [name, holder]);
    },
    takeCall: ({ account, calls, windowMs, nowMs }) =>
      transaction(async (within) => {
        await within(
          'INSERT INTO longshore_dashboard_accounts (account, not_before_ms) VALUES ($1, 0) ON CONFLICT DO NOTHING',
          [account],
        );
        // Whoever holds the account's row is alone with its calls.
        const [paused] = await within(
          `SELECT not_before_ms FROM longshore_dashboard_accounts WHERE account = $1 ${forUpdate}`,
          [account],
        );
        const notBeforeMs = paused === undefined ? 0 : whole(paused, 'not_before_ms');
        if (notBeforeMs > nowMs) return { isTaken: false, atMs: notBeforeMs };
        const made = await within(
          'SELECT slot, at_ms FROM longshore_dashboard_calls WHERE account = $1 AND slot < $2 ORDER BY at_ms, slot',
          [account, calls],
        );
        const [oldest] = made;
        const freeAtMs = oldest === undefined ? nowMs : whole(oldest, 'at_ms') + windowMs;
        if (made.length === calls && freeAtMs > nowMs) return { isTaken: false, atMs: freeAtMs };
        const slot =
          made.length < calls ? freeSlot(made.map((row) => whole(row, 'slot'))) : whole(oldest ?? {}, 'slot');
        await within(
          `INSERT INTO longshore_dashboard_calls (account, slot, at_ms) VALUES ($1, $2, $3)
          ON CONFLICT (account, slot) DO UPDATE SET at_ms = excluded.at_ms`,
          [account, slot, Math.floor(nowMs)],
        );
        return { isTaken: true };
      }),
    async pause(account, untilMs) {
      await run(
        `INSERT INTO longshore_dashboard_accounts AS t (account, not_before_ms) VALUES ($1, $2)
        ON CONFLICT (account) DO UPDATE SET not_before_ms = excluded.not_before_ms
        WHERE t.not_before_ms < excluded.not_before_ms`,
        [account, Math.floor(untilMs)],
      );
    },
  };
}

function freeSlot(taken: readonly number[]): number {
  const known = new Set(taken);
  let slot = 0;
  while (known.has(slot)) slot += 1;
  return slot;
}
