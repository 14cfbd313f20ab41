/**
 * Rows as signed webhooks, for dashboards of one's own: one POST per call with the headers of Standard Webhooks 1.0.0, to
 * public addresses unless the operator lists others.
 */
import { LongshoreError, newJobId, systemClock, type Clock } from '@longshore/job';
import {
  addressPolicy,
  guardedAgent,
  parseEndpointUrl,
  readKey,
  signWebhook,
  type AddressPolicyOptions,
  type Resolver,
} from '@longshore/webhooks';
import { checkedSink } from '../checked-sink.ts';
import type { Dataset, OpenedSink, Row, SinkLimits } from '../dashboard-sink.ts';
import { dashboardClient } from '../http/dashboard-client.ts';

/** Ours, so that a body stays small enough for any receiver; it documents no other. */
const LIMITS: SinkLimits = { rowsPerRequest: 500 };

/** The body of a webhook. Rows hold absolute values: the last one of a key is true, whatever came before. */
export interface DashboardWebhook {
  /** The dataset's id. */
  readonly dataset: string;
  readonly mode: 'describe' | 'merge' | 'replace' | 'remove';
  /** What `rows` are; absent where the mode is `remove`. */
  readonly definition?: Omit<Dataset, 'id'>;
  /** Empty unless the mode is `merge` or `replace`. */
  readonly rows: readonly Row[];
}

/** Options of {@link webhookSink}. */
export interface WebhookSinkOptions extends AddressPolicyOptions {
  readonly url: string;
  /** `whsec_…` or `whsk_…`; all sign, so that one is rotated while the receiver still holds the other. */
  readonly secrets: readonly string[];
  /** From the look-up to the end of the answer. Default 20,000, within the specification's 15 to 30 s. */
  readonly timeoutMs?: number;
  /** Default: the system's. */
  readonly resolve?: Resolver;
  readonly clock?: Clock;
}

const DEFAULT_TIMEOUT_MS = 20_000;
const REMEDIES: Readonly<Record<number, string>> = {
  401: 'check that the receiver holds the secret',
  403: 'check that the receiver holds the secret',
  410: 'the receiver wants no more of these: remove its URL from the settings',
};

/**
 * A sink to a receiver. A try that comes again is a new message with a new id: its rows may be newer.
 *
 * @throws LongshoreError `invalid_options` for a URL, a network or a secret that cannot be used
 */
export function webhookSink(options: WebhookSinkOptions): OpenedSink {
  const { secrets, timeoutMs = DEFAULT_TIMEOUT_MS, resolve, clock = systemClock } = options;
  const policy = addressPolicy(options);
  const url = parseEndpointUrl(options.url, policy);
  if (secrets.length === 0 || !secrets.every((secret) => readKey(secret).canSign))
    throw new LongshoreError(
      'invalid_options',
      'Cannot sign webhooks of dashboards: give secrets that begin with whsec_ or whsk_',
    );
  const dispatcher = guardedAgent({
    policy,
    connectTimeoutMs: timeoutMs,
    ...(resolve === undefined ? {} : { resolve }),
  });
  const send = dashboardClient({
    name: 'Webhook',
    timeoutMs,
    remedies: REMEDIES,
    nowMs: () => clock.nowMs(),
    dispatcher,
  });
  const post = async (webhook: DashboardWebhook, signal: AbortSignal | undefined): Promise<void> => {
    const body = JSON.stringify(webhook);
    const atMs = clock.nowMs();
    const signed = signWebhook({ id: newJobId(atMs), atMs, body }, secrets);
    await send({ method: 'POST', url, headers: { 'user-agent': 'Longshore', ...signed }, body, signal });
  };
  return checkedSink<OpenedSink>({
    name: 'webhook',
    limits: LIMITS,
    isLocal: false,
    async describe({ id, ...definition }, { signal } = {}) {
      await post({ dataset: id, mode: 'describe', definition, rows: [] }, signal);
    },
    async push({ id, ...definition }, rows, mode, { signal } = {}) {
      await post({ dataset: id, mode, definition, rows }, signal);
    },
    async remove(id, { signal } = {}) {
      await post({ dataset: id, mode: 'remove', rows: [] }, signal);
    },
    async [Symbol.asyncDispose]() {
      await dispatcher.destroy();
    },
  });
}
