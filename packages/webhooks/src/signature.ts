/**
 * Signs and verifies webhooks by Standard Webhooks 1.0.0: `id.timestamp.body` under one or several keys, so that a secret
 * is rotated while receivers still hold the old one. The body is signed as bytes: JSON that was parsed and written again
 * is another body.
 */
import { LongshoreError } from '@longshore/job';
import { readKey } from './signing-key.ts';

/**
 * The three headers of a webhook: its id, the same for every try of one event; when this try was made, in seconds since the
 * epoch; signatures with their scheme, a space between them.
 */
export type WebhookHeaders = Readonly<
  Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string>
>;

/** What is signed. */
export interface SignedMessage {
  readonly id: string;
  /** Milliseconds since the epoch; sent in seconds. */
  readonly atMs: number;
  readonly body: string | Uint8Array;
}

/**
 * The headers of a message, signed by every secret given.
 *
 * @throws LongshoreError `invalid_options` without a secret, or with one that cannot sign
 */
export function signWebhook(message: SignedMessage, secrets: readonly string[]): WebhookHeaders {
  if (secrets.length === 0)
    throw new LongshoreError('invalid_options', `Cannot sign webhook "${message.id}": there is no secret`);
  const timestamp = String(Math.floor(message.atMs / 1_000));
  const content = signedContent(message.id, timestamp, message.body);
  const signatures = secrets.map((secret) => {
    const key = readKey(secret);
    return `${key.scheme},${key.sign(content)}`;
  });
  return {
    'webhook-id': message.id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  };
}

/** What a receiver has got. */
export interface ReceivedWebhook {
  /** As Node.js gives them, in lower case, or a `Headers`. */
  readonly headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The body as it came: bytes or text, never parsed and written again. */
  readonly body: string | Uint8Array;
}

/** Options of {@link verifyWebhook}. */
export interface VerifyWebhookOptions {
  /** The secrets, or public keys, that are valid now; several while one is rotated. */
  readonly secrets: readonly string[];
  /** How far the timestamp may be from this machine's clock, against replays. Default 300 seconds. */
  readonly toleranceSeconds?: number;
  /** Default `Date.now`. */
  readonly nowMs?: () => number;
}

/** Why a webhook was refused. */
export class WebhookRefused extends Error {
  override readonly name = 'WebhookRefused';
}

/** What the specification's libraries allow. */
const TOLERANCE_SECONDS = 300;

/**
 * Verifies a webhook and parses its body. Answer the sender 2xx only when what it tells is safely stored, and skip an id
 * that was seen before: every event comes at least once.
 *
 * @throws WebhookRefused when a header is missing, the timestamp is too old or too new, no signature fits, or the body is
 * no JSON; LongshoreError `invalid_options` for a secret that cannot be read
 * @example
 * ```ts
 * import { createServer } from 'node:http';
 * import { buffer } from 'node:stream/consumers';
 * import { verifyWebhook } from '@longshore/webhooks';
 *
 * const secrets = ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'];
 * createServer(async (request, response) => {
 *   try {
 *     // The raw bytes: a framework that has parsed them already cannot give them back.
 *     const event = verifyWebhook({ headers: request.headers, body: await buffer(request) }, { secrets });
 *     console.log(event);
 *     response.writeHead(204).end();
 *   } catch {
 *     response.writeHead(400).end();
 *   }
 * }).listen(8080);
 * ```
 */
export function verifyWebhook(received: ReceivedWebhook, options: VerifyWebhookOptions): unknown {
  const { secrets, toleranceSeconds = TOLERANCE_SECONDS, nowMs = Date.now } = options;
  const id = headerOf(received, 'webhook-id');
  const timestamp = headerOf(received, 'webhook-timestamp');
  if (!/^\d{1,12}$/.test(timestamp)) throw new WebhookRefused('webhook-timestamp is no number of seconds');
  const awaySeconds = nowMs() / 1_000 - Number(timestamp);
  if (Math.abs(awaySeconds) > toleranceSeconds)
    throw new WebhookRefused(`webhook-timestamp is ${Math.round(awaySeconds)} seconds away from this clock`);
  const content = signedContent(id, timestamp, received.body);
  const keys = secrets.map(readKey);
  const signatures = headerOf(received, 'webhook-signature').split(' ');
  const fits = signatures.some((each) => {
    const [scheme, signature = ''] = each.split(',', 2);
    const bytes = Buffer.from(signature, 'base64');
    return keys.some((key) => key.scheme === scheme && key.verify(content, bytes));
  });
  if (!fits)
    throw new WebhookRefused('No signature fits: is this the raw body, and the secret of this endpoint?');
  try {
    return JSON.parse(Buffer.from(received.body).toString()) as unknown;
  } catch (cause) {
    throw new WebhookRefused('The body is no JSON', { cause });
  }
}

function headerOf({ headers }: ReceivedWebhook, name: string): string {
  const value = headers instanceof Headers ? headers.get(name) : headers[name];
  if (typeof value === 'string' && value !== '') return value;
  throw new WebhookRefused(`Header ${name} is missing`);
}

function signedContent(id: string, timestamp: string, body: string | Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${id}.${timestamp}.`), Buffer.from(body)]);
}
