/**
 * What an operator does with endpoints: add, change, disable, rotate, ping, replay. Every target is looked at before it is
 * registered, by the same rules as when it is sent to.
 */
import { LongshoreError, newJobId, systemClock, type Clock } from '@longshore/job';
import { newSecret, readKey, verifyingKey } from '@longshore/webhooks';
import type { Destination } from './destination.ts';
import type { DeliveryStore, Endpoint, EndpointChange, ReplayRequest } from './store/delivery-store.ts';
import { TENANT } from './tenant.ts';

/** Options of {@link endpointDesk}. */
export interface EndpointDeskOptions {
  readonly store: DeliveryStore;
  /** Kinds of endpoints there are; nothing is sent from here. */
  readonly destinations: readonly Pick<Destination, 'kind' | 'check'>[];
  readonly clock?: Clock;
}

/** A new endpoint. */
export interface NewEndpoint {
  /** Default `default`. */
  readonly tenant?: string;
  /** Default `webhook`. */
  readonly kind?: string;
  readonly target: string;
  /** Default: all types. */
  readonly eventTypes?: readonly string[];
  /** `whsec_…` or `whsk_…`. Default: a new one. Webhooks only. */
  readonly secret?: string;
  /** Of a new secret: `v1` HMAC-SHA256, `v1a` ed25519, by whose key the receiver cannot sign. Default `v1`. */
  readonly scheme?: 'v1' | 'v1a';
}

/** An endpoint with what its receiver verifies by; shown once. */
export interface WithSecret {
  readonly endpoint: Endpoint;
  /** The secret, or the public key of an asymmetric one; absent for kinds that sign nothing. */
  readonly verifyWith?: string;
}

/** How a secret is replaced. */
export interface Rotation {
  /** Default: a new one of the same kind. */
  readonly secret?: string;
  /** How long the old one signs as well. Default 24 hours. */
  readonly overlapMs?: number;
}

/** The desk. All throw LongshoreError `invalid_options` for what is wrong, `delivery_unavailable` when the store is down. */
export interface EndpointDesk {
  /** @throws LongshoreError `address_forbidden` for a webhook to an address that is not public */
  add(endpoint: NewEndpoint): Promise<WithSecret>;
  change(
    id: string,
    change: { readonly target?: string; readonly eventTypes?: readonly string[] },
  ): Promise<void>;
  /** Sends again from now on, and forgets its failures. */
  enable(id: string): Promise<void>;
  disable(id: string, reason: string): Promise<void>;
  /** A new secret, beside which the old one signs for a while. */
  rotate(id: string, rotation?: Rotation): Promise<WithSecret>;
  /** Schedules an event `endpoint.test` for this endpoint alone. Answers the event's id. */
  ping(id: string): Promise<string>;
  /** Sends one event again, or those of a time that the endpoint has not got. Answers how many. */
  replay(id: string, events: ReplayRequest['events']): Promise<number>;
  /** How many {@link EndpointDesk.replay} would send; nothing is changed. */
  replayable(id: string, events: ReplayRequest['events']): Promise<number>;
}

/** A day: long enough for every receiver to be deployed. */
const OVERLAP_MS = 86_400_000;

/** Opens the desk. */
export function endpointDesk(options: EndpointDeskOptions): EndpointDesk {
  const { store, clock = systemClock } = options;
  const { endpoints, schedule } = store;
  const now = (): number => Math.floor(clock.nowMs());
  const found = async (id: string): Promise<Endpoint> => {
    const endpoint = await endpoints.get(id);
    if (endpoint !== undefined) return endpoint;
    throw new LongshoreError('invalid_options', `There is no endpoint "${id}"`);
  };
  const update = async (id: string, change: EndpointChange): Promise<void> => {
    if (!(await endpoints.update(id, change))) await found(id);
  };
  return {
    add: (wanted) => add(wanted, options, now()),
    async change(id, { target, eventTypes }) {
      const { kind } = await found(id);
      if (target !== undefined) await destinationOf(kind, options).check(target);
      await update(id, {
        ...(target === undefined ? {} : { target }),
        ...(eventTypes === undefined ? {} : { eventTypes }),
      });
    },
    enable: (id) =>
      update(id, {
        state: 'enabled',
        disabledReason: undefined,
        failures: 0,
        failingSinceMs: undefined,
        openUntilMs: 0,
      }),
    disable: (id, reason) => update(id, { state: 'disabled', disabledReason: reason }),
    async rotate(id, rotation = {}) {
      const endpoint = await found(id);
      const secrets = rotated(endpoint, rotation, now());
      await update(id, { secrets });
      return withSecret({ ...endpoint, secrets });
    },
    async ping(id) {
      const { tenant } = await found(id);
      const event = {
        id: newJobId(now()),
        type: 'endpoint.test',
        tenant,
        atMs: now(),
        data: { endpointId: id },
      };
      await schedule.emit(event, { endpointId: id });
      return event.id;
    },
    replay: (id, events) => schedule.replay({ endpointId: id, events, nowMs: now() }),
    replayable: (id, events) => schedule.replay({ endpointId: id, events, nowMs: now(), dryRun: true }),
  };
}

/** The secrets of an endpoint after a rotation: the new one, and those that sign a while longer. */
function rotated(
  endpoint: Endpoint,
  { secret, overlapMs = OVERLAP_MS }: Rotation,
  nowMs: number,
): Endpoint['secrets'] {
  const [current] = endpoint.secrets;
  if (current === undefined)
    throw new LongshoreError(
      'invalid_options',
      `Endpoint "${endpoint.id}" signs nothing: it has no secret to rotate`,
    );
  const value = secret ?? newSecret(current.value.startsWith('whsk_') ? 'v1a' : 'v1');
  assertSigns(value);
  const kept = endpoint.secrets
    .filter(({ expiresAtMs = Infinity }) => expiresAtMs > nowMs)
    .map((each) => ({
      value: each.value,
      expiresAtMs: Math.min(each.expiresAtMs ?? Infinity, nowMs + overlapMs),
    }));
  return [{ value }, ...kept];
}

function withSecret(endpoint: Endpoint): WithSecret {
  const [secret] = endpoint.secrets;
  return { endpoint, ...(secret === undefined ? {} : { verifyWith: verifyingKey(secret.value) }) };
}

async function add(wanted: NewEndpoint, options: EndpointDeskOptions, nowMs: number): Promise<WithSecret> {
  const { tenant = 'default', kind = 'webhook', target, eventTypes = [] } = wanted;
  if (!TENANT.safeParse(tenant).success)
    throw new LongshoreError(
      'invalid_options',
      `Cannot add an endpoint for tenant "${tenant}": expected 1 to 64 of A-Z a-z 0-9 . _ @ -`,
    );
  await destinationOf(kind, options).check(target);
  const secret = kind === 'webhook' ? (wanted.secret ?? newSecret(wanted.scheme)) : undefined;
  if (secret !== undefined) assertSigns(secret);
  const endpoint: Endpoint = {
    id: newJobId(nowMs),
    tenant,
    kind,
    target,
    secrets: secret === undefined ? [] : [{ value: secret }],
    eventTypes: [...eventTypes],
    state: 'enabled',
    createdAtMs: nowMs,
    failures: 0,
    openUntilMs: 0,
  };
  await options.store.endpoints.add(endpoint);
  return withSecret(endpoint);
}

function destinationOf(kind: string, { destinations }: EndpointDeskOptions): Pick<Destination, 'check'> {
  const destination = destinations.find((each) => each.kind === kind);
  if (destination !== undefined) return destination;
  const known = destinations.map((each) => each.kind).join(', ');
  throw new LongshoreError('invalid_options', `There is no destination "${kind}", expected one of: ${known}`);
}

function assertSigns(secret: string): void {
  if (!readKey(secret).canSign)
    throw new LongshoreError(
      'invalid_options',
      'Cannot sign with a public key: give the whsk_ that belongs to it',
    );
}
