/** Between rows and what the store speaks of. */
import type { Attempt, DeliveryEvent, Endpoint, Link } from './delivery-store.ts';
import { json, optional, text, whole, type Row } from '@longshore/sql';

/** Keeps what is there. */
function present<Key extends string, Value>(key: Key, value: Value | undefined): { [K in Key]?: Value } {
  return value === undefined ? {} : ({ [key]: value } as { [K in Key]?: Value });
}

/** A row of `longshore_endpoints`. */
export function endpointOf(row: Row): Endpoint {
  return {
    id: text(row, 'id'),
    tenant: text(row, 'tenant'),
    kind: text(row, 'kind'),
    target: text(row, 'target'),
    secrets: json(row, 'secrets') as Endpoint['secrets'],
    eventTypes: json(row, 'event_types') as Endpoint['eventTypes'],
    state: row['state'] === 'enabled' ? 'enabled' : 'disabled',
    ...present('disabledReason', optional(row, 'disabled_reason', text)),
    createdAtMs: whole(row, 'created_at_ms'),
    failures: whole(row, 'failures'),
    ...present('failingSinceMs', optional(row, 'failing_since_ms', whole)),
    openUntilMs: whole(row, 'open_until_ms'),
  };
}

/** A row of `longshore_links`. */
export function linkOf(row: Row): Link {
  return {
    id: text(row, 'id'),
    tokenHash: text(row, 'token_hash'),
    tenant: text(row, 'tenant'),
    documentId: text(row, 'document_id'),
    file: json(row, 'file') as Link['file'],
    createdAtMs: whole(row, 'created_at_ms'),
    expiresAtMs: whole(row, 'expires_at_ms'),
    ...present('revokedAtMs', optional(row, 'revoked_at_ms', whole)),
    uses: whole(row, 'uses'),
    ...present('lastUsedAtMs', optional(row, 'last_used_at_ms', whole)),
  };
}

/** A row of `longshore_events`. */
export function eventOf(row: Row): DeliveryEvent {
  return {
    id: text(row, 'id'),
    type: text(row, 'type'),
    tenant: text(row, 'tenant'),
    atMs: whole(row, 'at_ms'),
    data: json(row, 'data') as DeliveryEvent['data'],
    ...present('linkId', optional(row, 'link_id', text)),
  };
}

/** A row of `longshore_delivery_attempts`. */
export function attemptOf(row: Row): Attempt {
  return {
    eventId: text(row, 'event_id'),
    endpointId: text(row, 'endpoint_id'),
    attempt: whole(row, 'attempt'),
    atMs: whole(row, 'at_ms'),
    durationMs: whole(row, 'duration_ms'),
    outcome: text(row, 'outcome') as Attempt['outcome'],
    ...present('status', optional(row, 'status', whole)),
    ...present('error', optional(row, 'error', text)),
  };
}
