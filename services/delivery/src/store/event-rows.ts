/** Events, and the rows of the schedule that are made with them. */
import { LongshoreError } from '@longshore/job';
import { wants, type Delivery, type DeliveryEvent, type Endpoint } from './delivery-store.ts';
import { endpointOf } from './rows.ts';
import { text, type Run } from '@longshore/sql';

/** Rows per statement: PostgreSQL takes 65,535 values, SQLite 32,766. */
const ROWS_PER_STATEMENT = 1_000;

/** Inserts an event unless it is there. Answers whether it was new: the gate that makes recording happen once. */
export async function insertEvent(run: Run, event: DeliveryEvent, onlyEndpoint?: string): Promise<boolean> {
  const rows = await run(
    `INSERT INTO longshore_events (id, type, tenant, at_ms, data, link_id, sequence, only_endpoint)
     VALUES ($1, $2, $3, $4, $5, $6, 0, $7) ON CONFLICT (id) DO NOTHING RETURNING id`,
    [
      event.id,
      event.type,
      event.tenant,
      event.atMs,
      JSON.stringify(event.data),
      event.linkId ?? null,
      onlyEndpoint ?? null,
    ],
  );
  return rows.length === 1;
}

/** Schedules an event for every enabled endpoint that wants it, or for the one named. */
export async function scheduleEvent(run: Run, event: DeliveryEvent, onlyEndpoint?: string): Promise<void> {
  const listeners =
    onlyEndpoint === undefined
      ? (await endpointsOf(run, event.tenant)).filter((endpoint) => wants(endpoint, event.type))
      : [await enabledEndpoint(run, onlyEndpoint)];
  for (let first = 0; first < listeners.length; first += ROWS_PER_STATEMENT) {
    const ids = listeners.slice(first, first + ROWS_PER_STATEMENT).map(({ id }) => id);
    const places = ids.map((_, index) => `($1, $${index + 3}, 'pending', 0, $2, 0)`).join(', ');
    await run(
      `INSERT INTO longshore_deliveries (event_id, endpoint_id, state, attempts, due_at_ms, lease_until_ms)
       VALUES ${places} ON CONFLICT (event_id, endpoint_id) DO NOTHING`,
      [event.id, event.atMs, ...ids],
    );
  }
}

/** Who is still to be told of an event. */
export async function pendingOf(run: Run, eventId: string): Promise<readonly Delivery[]> {
  const rows = await run(
    `SELECT endpoint_id FROM longshore_deliveries WHERE event_id = $1 AND state = 'pending' ORDER BY endpoint_id`,
    [eventId],
  );
  return rows.map((row) => ({ eventId, endpointId: text(row, 'endpoint_id') }));
}

async function endpointsOf(run: Run, tenant: string): Promise<readonly Endpoint[]> {
  const rows = await run(`SELECT * FROM longshore_endpoints WHERE tenant = $1 AND state = 'enabled'`, [
    tenant,
  ]);
  return rows.map(endpointOf);
}

async function enabledEndpoint(run: Run, id: string): Promise<Endpoint> {
  const [row] = await run('SELECT * FROM longshore_endpoints WHERE id = $1', [id]);
  if (row === undefined) throw new LongshoreError('invalid_options', `There is no endpoint "${id}"`);
  const endpoint = endpointOf(row);
  if (endpoint.state === 'enabled') return endpoint;
  throw new LongshoreError('invalid_options', `Endpoint "${id}" is disabled: enable it first`);
}
