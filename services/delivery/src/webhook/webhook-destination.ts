/**
 * Webhooks over HTTP: one signed POST, the answer's status, nothing else. Bodies of answers are read up to a bound, so
 * that the connection can be used again, and thrown away: what is not kept cannot be read back by whoever chose the URL.
 */
import { errorDetails, systemClock, type Clock } from '@longshore/job';
import {
  addressPolicy,
  allowedAddresses,
  guardedAgent,
  parseEndpointUrl,
  retryAfterMs,
  signWebhook,
  systemResolver,
  type AddressPolicyOptions,
  type Resolver,
} from '@longshore/webhooks';
import { request, type Dispatcher } from 'undici';
import type { Destination, OutgoingDelivery, SendResult } from '../destination.ts';
import { usableSecrets } from '../store/delivery-store.ts';

/** Options of {@link webhookDestination}. */
export interface WebhookDestinationOptions extends AddressPolicyOptions {
  /** From the first look-up to the answer's status, 1 to 30,000 ms. Default 20,000, within the specification's 15 to 30 s. */
  readonly timeoutMs?: number;
  /** Default: the system's. */
  readonly resolve?: Resolver;
  /** Authorities to trust instead of the public ones, in PEM. */
  readonly ca?: string;
  readonly clock?: Clock;
}

const TIMEOUT_MS = 20_000;
/** A receiver's "ok" fits; a longer body costs it the connection. */
const MAX_READ_BYTES = 16_384;
/** How long a body may take to end after the status is known. */
const BODY_TIMEOUT_MS = 1_000;
/** Standard Webhooks: "these should be interpreted as the endpoint being under load". */
const THROTTLED: ReadonlySet<number> = new Set([429, 502, 504]);
const GONE = 410;

/** Makes the destination `webhook`; targets are URLs. */
export function webhookDestination(options: WebhookDestinationOptions = {}): Destination {
  const { timeoutMs = TIMEOUT_MS, resolve = systemResolver, ca, clock = systemClock } = options;
  const policy = addressPolicy(options);
  const agent = guardedAgent({
    policy,
    resolve,
    connectTimeoutMs: timeoutMs,
    ...(ca === undefined ? {} : { ca }),
  });
  return {
    kind: 'webhook',
    async check(target) {
      const { hostname } = parseEndpointUrl(target, policy);
      // An address has been looked at with the URL.
      if (!/^\[|^[\d.]+$/.test(hostname)) await allowedAddresses(hostname, policy, resolve);
    },
    async send(delivery, { signal }) {
      const deadline = new AbortController();
      const timer = clock.after(timeoutMs, () => deadline.abort());
      try {
        // Looked at again: the operator's list may have changed, and an address is never resolved.
        const url = parseEndpointUrl(delivery.endpoint.target, policy);
        const answer = await post(url, delivery, agent, AbortSignal.any([signal, deadline.signal]));
        return resultOf(answer, clock.nowMs());
      } catch (error) {
        signal.throwIfAborted();
        if (deadline.signal.aborted) return { kind: 'failed', error: `No answer within ${timeoutMs} ms` };
        return { kind: 'failed', error: reasonOf(error) };
      } finally {
        timer.cancel();
      }
    },
    close: () => agent.destroy(),
  };
}

async function post(
  url: URL,
  { id, atMs, body, endpoint }: OutgoingDelivery,
  dispatcher: Dispatcher,
  signal: AbortSignal,
): Promise<Dispatcher.ResponseData> {
  const answer = await request(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'user-agent': 'Longshore-Delivery',
      ...signWebhook({ id, atMs, body }, usableSecrets(endpoint, atMs)),
    },
    body,
    dispatcher,
    signal,
    bodyTimeout: BODY_TIMEOUT_MS,
  });
  // The status has decided; how the body ends changes nothing.
  await answer.body.dump({ limit: MAX_READ_BYTES, signal }).catch(() => undefined);
  return answer;
}

function resultOf({ statusCode, headers }: Dispatcher.ResponseData, nowMs: number): SendResult {
  if (statusCode >= 200 && statusCode < 300) return { kind: 'delivered', status: statusCode };
  if (statusCode === GONE) return { kind: 'gone', status: statusCode };
  const header = headers['retry-after'];
  const afterMs = retryAfterMs(typeof header === 'string' ? header : undefined, nowMs);
  const isRedirect = statusCode >= 300 && statusCode < 400;
  return {
    kind: THROTTLED.has(statusCode) ? 'throttled' : 'failed',
    status: statusCode,
    error: isRedirect ? `Status ${statusCode}: redirects are not followed` : `Status ${statusCode}`,
    ...(afterMs === undefined ? {} : { retryAfterMs: afterMs }),
  };
}

/** Of an attempt that several addresses failed, the first reason. */
function reasonOf(error: unknown): string {
  const first: unknown = error instanceof AggregateError ? (error.errors[0] ?? error) : error;
  const { code, message } = errorDetails(first);
  return code === 'handler_failed' ? message : `${code}: ${message}`;
}
