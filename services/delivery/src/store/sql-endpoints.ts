/** Endpoints on a database. */
import type { EndpointChange, Endpoints } from './delivery-store.ts';
import { endpointOf } from './rows.ts';
import type { Run, Sql, SqlValue } from '@longshore/sql';

/** Endpoints. */
export function sqlEndpoints({ run, transaction }: Sql): Endpoints {
  return {
    async add(endpoint) {
      const { id, tenant, kind, target, secrets, eventTypes, state, createdAtMs, failures, openUntilMs } =
        endpoint;
      await run(
        `INSERT INTO longshore_endpoints
           (id, tenant, kind, target, secrets, event_types, state, created_at_ms, failures, open_until_ms)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
        [
          id,
          tenant,
          kind,
          target,
          JSON.stringify(secrets),
          JSON.stringify(eventTypes),
          state,
          createdAtMs,
          failures,
          openUntilMs,
        ],
      );
    },
    async get(id) {
      const [row] = await run('SELECT * FROM longshore_endpoints WHERE id = $1', [id]);
      return row === undefined ? undefined : endpointOf(row);
    },
    async list({ tenant } = {}) {
      const rows =
        tenant === undefined
          ? await run('SELECT * FROM longshore_endpoints ORDER BY tenant, created_at_ms, id')
          : await run('SELECT * FROM longshore_endpoints WHERE tenant = $1 ORDER BY created_at_ms, id', [
              tenant,
            ]);
      return rows.map(endpointOf);
    },
    update: (id, change) => transaction((within) => updateEndpoint(within, id, change)),
  };
}

/** Changes an endpoint within a transaction; what is still to be sent to one that is disabled is cancelled. */
export async function updateEndpoint(run: Run, id: string, change: EndpointChange): Promise<boolean> {
  const columns = columnsOf(change);
  const names = Object.keys(columns);
  if (names.length === 0)
    return (await run('SELECT 1 FROM longshore_endpoints WHERE id = $1', [id])).length > 0;
  const rows = await run(
    `UPDATE longshore_endpoints SET ${names.map((name, index) => `${name} = $${index + 2}`).join(', ')}
     WHERE id = $1 RETURNING id`,
    [id, ...Object.values(columns)],
  );
  if (change.state === 'disabled') {
    await run(
      `UPDATE longshore_deliveries SET state = 'cancelled', lease_until_ms = 0, lease_token = NULL
       WHERE endpoint_id = $1 AND state = 'pending'`,
      [id],
    );
  }
  return rows.length > 0;
}

function columnsOf(change: EndpointChange): Record<string, SqlValue> {
  const { target, secrets, eventTypes, state, failures, openUntilMs } = change;
  return {
    ...(target === undefined ? {} : { target }),
    ...(secrets === undefined ? {} : { secrets: JSON.stringify(secrets) }),
    ...(eventTypes === undefined ? {} : { event_types: JSON.stringify(eventTypes) }),
    ...(state === undefined ? {} : { state }),
    ...(failures === undefined ? {} : { failures }),
    ...(openUntilMs === undefined ? {} : { open_until_ms: openUntilMs }),
    ...('disabledReason' in change ? { disabled_reason: change.disabledReason ?? null } : {}),
    ...('failingSinceMs' in change ? { failing_since_ms: change.failingSinceMs ?? null } : {}),
  };
}
