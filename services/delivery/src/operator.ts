/**
 * The service's door for operators: the desk on the store that the environment names, and what is looked up there. A
 * command loads this instead of the service: no handlers, no worker, and nothing is ever sent from here.
 */
import { systemClock, type Clock } from '@longshore/job';
import { assertFolder } from './destinations/object-destination.ts';
import { assertListed } from './destinations/queue-destination.ts';
import { endpointDesk, type EndpointDesk } from './endpoint-desk.ts';
import { hashOfToken } from './links/link-token.ts';
import { openDeliveryStore } from './open-delivery-store.ts';
import { readDeskSettings } from './settings.ts';
import type { Attempt, AttemptQuery, DeliveryStore, Endpoint } from './store/delivery-store.ts';
import { webhookDestination } from './webhook/webhook-destination.ts';

export { EVENT_TYPES } from './event.ts';

/** Which links end: all of a document, or one, by its id or its URL. */
export type LinkChoice = { readonly tenant: string; readonly documentId: string } | { readonly link: string };

/** An endpoint without its secrets. */
export type ListedEndpoint = Omit<Endpoint, 'secrets'> & {
  /** Two while one is being replaced. */
  readonly secretsInUse: number;
};

/** What an operator works with. */
export interface DeliveryOperator extends AsyncDisposable {
  readonly desk: EndpointDesk;
  /** Oldest first. */
  endpoints(filter?: { readonly tenant?: string }): Promise<readonly ListedEndpoint[]>;
  /** The newest first. */
  attempts(query: AttemptQuery): Promise<readonly Attempt[]>;
  /** Ends links for good. Answers how many led somewhere until now. */
  revokeLinks(which: LinkChoice): Promise<number>;
  close(): Promise<void>;
}

/**
 * Opens it: `LONGSHORE_DELIVERY_STORE`, and what the workers allow: `LONGSHORE_DELIVERY_ALLOW_PRIVATE`, `_ALLOW_HTTP`
 * and `_QUEUES`, by which targets are looked at.
 *
 * @throws LongshoreError `invalid_options`, `delivery_unavailable`
 */
export async function openDeliveryOperator(
  env: Readonly<Record<string, string | undefined>>,
  options: { readonly clock?: Clock } = {},
): Promise<DeliveryOperator> {
  const { clock = systemClock } = options;
  const settings = readDeskSettings(env);
  const store = await openDeliveryStore(settings.store);
  const webhooks = webhookDestination(settings);
  const destinations = [
    webhooks,
    { kind: 'sqs', check: async (target: string) => assertListed(target, settings.queues) },
    { kind: 's3', check: async (target: string) => assertFolder(target) },
  ];
  const close = async (): Promise<void> => {
    await webhooks.close();
    await store.close();
  };
  return {
    desk: endpointDesk({ store, destinations, clock }),
    async endpoints(filter) {
      const found = await store.endpoints.list(filter);
      return found.map((endpoint) => {
        const { secrets, ...rest } = endpoint;
        return { ...rest, secretsInUse: secrets.length };
      });
    },
    attempts: (query) => store.schedule.attempts(query),
    revokeLinks: (which) => revoke(store, which, Math.floor(clock.nowMs())),
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function revoke({ links }: DeliveryStore, which: LinkChoice, nowMs: number): Promise<number> {
  if (!('link' in which)) return await links.revoke(which, nowMs);
  const token = /\/d\/([^/?#]+)$/.exec(which.link)?.[1];
  const id = token === undefined ? which.link : (await links.find(hashOfToken(token)))?.id;
  return id === undefined ? 0 : await links.revoke({ id }, nowMs);
}
