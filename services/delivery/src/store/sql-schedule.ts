/** The schedule and the attempt log on a database. */
import { randomUUID } from 'node:crypto';
import { LongshoreError } from '@longshore/job';
import type {
  AttemptQuery,
  Claim,
  ClaimRequest,
  ReplayRequest,
  Schedule,
  Settlement,
} from './delivery-store.ts';
import { insertEvent, pendingOf, scheduleEvent } from './event-rows.ts';
import { attemptOf, endpointOf, eventOf } from './rows.ts';
import { text, whole, type Row, type Run, type Sql, type SqlValue } from '@longshore/sql';
import { updateEndpoint } from './sql-endpoints.ts';

/** Rows of `longshore_deliveries` that nobody has and that are due at `$2`, for endpoint `$1`. */
const DUE = `d.endpoint_id = $1 AND d.state = 'pending' AND d.due_at_ms <= $2 AND d.lease_until_ms <= $2`;

/** The schedule. @param newToken makes the token of a lease; default random. */
export function sqlSchedule(sql: Sql, newToken: () => string = randomUUID): Schedule {
  const { run, transaction } = sql;
  return {
    emit: (event, to) =>
      transaction(async (within) => {
        if (await insertEvent(within, event, to?.endpointId))
          await scheduleEvent(within, event, to?.endpointId);
        return await pendingOf(within, event.id);
      }),
    async dueEndpoints({ nowMs, limit }) {
      const rows = await run(
        `SELECT e.id FROM longshore_endpoints e WHERE e.state = 'enabled' AND e.open_until_ms <= $1
           AND EXISTS (SELECT 1 FROM longshore_deliveries d WHERE d.endpoint_id = e.id AND d.state = 'pending'
             AND d.due_at_ms <= $1 AND d.lease_until_ms <= $1)
         ORDER BY random() LIMIT $2`,
        [nowMs, limit],
      );
      return rows.map((row) => text(row, 'id'));
    },
    claim: (request) => transaction((within) => claim(within, sql, request, newToken())),
    settle: (settlement) => transaction((within) => settle(within, sql, settlement)),
    async release({ event, endpoint, token }) {
      await run(
        `UPDATE longshore_deliveries SET lease_until_ms = 0, lease_token = NULL
         WHERE event_id = $1 AND endpoint_id = $2 AND lease_token = $3`,
        [event.id, endpoint.id, token],
      );
    },
    attempts: (query) => attempts(run, query),
    replay: (request) => transaction((within) => replay(within, sql, request)),
    prune: (beforeMs) => transaction((within) => prune(within, beforeMs)),
  };
}

async function claim(run: Run, sql: Sql, request: ClaimRequest, token: string): Promise<Claim | undefined> {
  const { endpointId, eventId, nowMs, leaseMs, cap } = request;
  // Held to the end: two processes cannot both see that one more is allowed.
  const [found] = await run(
    `SELECT * FROM longshore_endpoints WHERE id = $1 AND state = 'enabled' AND open_until_ms <= $2 ${sql.forUpdate}`,
    [endpointId, nowMs],
  );
  if (found === undefined) return undefined;
  const endpoint = endpointOf(found);
  const values: SqlValue[] = [endpointId, nowMs, endpoint.failures > 0 ? 1 : cap, nowMs + leaseMs, token];
  const [row] = await run(
    `UPDATE longshore_deliveries SET lease_until_ms = $4, lease_token = $5
     WHERE endpoint_id = $1 AND event_id = (
       SELECT d.event_id FROM longshore_deliveries d
       WHERE ${DUE} ${eventId === undefined ? '' : 'AND d.event_id = $6'}
         AND (SELECT count(*) FROM longshore_deliveries l
              WHERE l.endpoint_id = $1 AND l.state = 'pending' AND l.lease_until_ms > $2) < $3
       ORDER BY d.due_at_ms, d.event_id LIMIT 1 ${sql.forUpdate} ${sql.skipLocked})
     RETURNING event_id, attempts`,
    eventId === undefined ? values : [...values, eventId],
  );
  if (row === undefined) return undefined;
  const [event] = await run('SELECT * FROM longshore_events WHERE id = $1', [text(row, 'event_id')]);
  if (event === undefined)
    throw new LongshoreError(
      'delivery_unavailable',
      `Event "${text(row, 'event_id')}" is scheduled and missing`,
    );
  return {
    event: eventOf(event),
    sequence: whole(event, 'sequence'),
    endpoint,
    attempt: whole(row, 'attempts') + 1,
    token,
  };
}

async function settle(
  run: Run,
  sql: Sql,
  { claim: held, attempt, next, endpoint }: Settlement,
): Promise<boolean> {
  // First the endpoint, then its rows, everywhere: whoever takes them the other way round waits for ever.
  if (endpoint !== undefined) await lockEndpoint(run, sql, held.endpoint.id);
  const rows = await run(
    `UPDATE longshore_deliveries SET state = $4, attempts = $5, due_at_ms = coalesce($6, due_at_ms),
       lease_until_ms = 0, lease_token = NULL
     WHERE event_id = $1 AND endpoint_id = $2 AND lease_token = $3 RETURNING event_id`,
    [
      held.event.id,
      held.endpoint.id,
      held.token,
      next.state,
      held.attempt,
      next.state === 'pending' ? next.dueAtMs : null,
    ],
  );
  await run(
    `INSERT INTO longshore_delivery_attempts
       (endpoint_id, event_id, attempt, at_ms, duration_ms, outcome, status, error)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      attempt.endpointId,
      attempt.eventId,
      attempt.attempt,
      attempt.atMs,
      attempt.durationMs,
      attempt.outcome,
      attempt.status ?? null,
      attempt.error ?? null,
    ],
  );
  const isHeld = rows.length === 1;
  if (isHeld && endpoint !== undefined) await updateEndpoint(run, held.endpoint.id, endpoint);
  return isHeld;
}

async function lockEndpoint(run: Run, sql: Sql, id: string): Promise<Row | undefined> {
  const [row] = await run(`SELECT * FROM longshore_endpoints WHERE id = $1 ${sql.forUpdate}`, [id]);
  return row;
}

async function attempts(
  run: Run,
  { endpointId, eventId, limit }: AttemptQuery,
): ReturnType<Schedule['attempts']> {
  const values: SqlValue[] = [limit];
  const conditions: string[] = [];
  for (const [column, value] of [
    ['endpoint_id', endpointId],
    ['event_id', eventId],
  ] as const) {
    if (value !== undefined) conditions.push(`${column} = $${values.push(value)}`);
  }
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`;
  const rows = await run(
    `SELECT * FROM longshore_delivery_attempts ${where} ORDER BY at_ms DESC, attempt DESC LIMIT $1`,
    values,
  );
  return rows.map(attemptOf);
}

async function replay(run: Run, sql: Sql, request: ReplayRequest): Promise<number> {
  const { endpointId, events, nowMs, dryRun = false } = request;
  const found = await lockEndpoint(run, sql, endpointId);
  if (found === undefined)
    throw new LongshoreError('invalid_options', `Cannot replay to endpoint "${endpointId}": there is none`);
  const { tenant, eventTypes, state } = endpointOf(found);
  if (state !== 'enabled')
    throw new LongshoreError(
      'invalid_options',
      `Cannot replay to endpoint "${endpointId}": it is disabled, enable it first`,
    );
  const values: SqlValue[] = [endpointId, nowMs, tenant];
  const place = (value: SqlValue): string => `$${values.push(value)}`;
  const wanted = eventTypes.length === 0 ? 'TRUE' : `e.type IN (${eventTypes.map(place).join(', ')})`;
  const which =
    'id' in events
      ? `e.id = ${place(events.id)} AND (${wanted} OR old.event_id IS NOT NULL)`
      : `e.at_ms >= ${place(events.fromMs)} AND e.at_ms < ${place(events.toMs)} AND ${wanted}`;
  const isFree = (row: string): string =>
    `${row}.lease_until_ms <= $2${'id' in events ? '' : ` AND ${row}.state NOT IN ('delivered', 'pending')`}`;
  const chosen = `FROM longshore_events e
    LEFT JOIN longshore_deliveries old ON old.event_id = e.id AND old.endpoint_id = $1
    WHERE e.tenant = $3 AND (e.only_endpoint IS NULL OR e.only_endpoint = $1) AND ${which}
      AND (old.event_id IS NULL OR ${isFree('old')})`;
  if (dryRun) {
    const [counted] = await run(`SELECT count(*) AS count ${chosen}`, values);
    return counted === undefined ? 0 : whole(counted, 'count');
  }
  const rows = await run(
    `INSERT INTO longshore_deliveries AS d (event_id, endpoint_id, state, attempts, due_at_ms, lease_until_ms)
     SELECT e.id, CAST($1 AS text), 'pending', 0, CAST($2 AS bigint), 0 ${chosen}
     ON CONFLICT (event_id, endpoint_id) DO UPDATE SET state = 'pending', attempts = 0, due_at_ms = excluded.due_at_ms
     WHERE ${isFree('d')} RETURNING event_id`,
    values,
  );
  return rows.length;
}

async function prune(run: Run, beforeMs: number): Promise<number> {
  const old = `(SELECT id FROM longshore_events WHERE at_ms < $1)`;
  const removed = [
    await run(
      `DELETE FROM longshore_deliveries WHERE state <> 'pending' AND event_id IN ${old} RETURNING event_id`,
      [beforeMs],
    ),
    await run(
      `DELETE FROM longshore_events WHERE at_ms < $1
         AND NOT EXISTS (SELECT 1 FROM longshore_deliveries d WHERE d.event_id = longshore_events.id) RETURNING id`,
      [beforeMs],
    ),
    await run(`DELETE FROM longshore_delivery_attempts WHERE at_ms < $1 RETURNING event_id`, [beforeMs]),
    await run(`DELETE FROM longshore_links WHERE expires_at_ms < $1 RETURNING id`, [beforeMs]),
  ];
  return removed.reduce((sum, rows) => sum + rows.length, 0);
}
