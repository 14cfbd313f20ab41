/**
 * Signed calls of the AWS JSON protocol, without the SDK's middleware: one signature, one write and one parse a call.
 * https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html
 *
 * It tries again what may pass (faults of the connection, 5xx, throttling) within a budget, corrects for a wrong clock,
 * renews credentials that were refused, and gives every try a deadline. It does not follow redirects and uses no proxy.
 */
import { LongshoreError, sleep, systemClock, type Clock } from '@longshore/job';
import { ConnectionFault, type RawRequest } from './connection.ts';
import { connectionPool, type ConnectionPool } from './connection-pool.ts';
import { cachedCredentials, type Credentials, type CredentialSource } from './credentials.ts';
import type { Endpoint } from './endpoint.ts';
import type { HttpResponse } from './http-response.ts';
import { retryBudget, type RetryBudget } from './retry-budget.ts';
import { signer, type Signer, type SigningCredentials } from './signature.ts';

/** Refusal of a call by the service. `name` is the AWS error code. */
class AwsError extends Error {
  override readonly name: string;
  readonly status: number;

  constructor(name: string, message: string, status: number) {
    super(message);
    this.name = name;
    this.status = status;
  }
}

/** Limits of one call. */
export interface CallOptions {
  /** For each try. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** A client of one service. */
export interface JsonClient {
  /** The parsed answer. @throws AwsError, ConnectionFault, or LongshoreError `credentials_unavailable`. */
  call(action: string, input: unknown, options: CallOptions): Promise<unknown>;
  close(): void;
}

/** Options of {@link jsonClient}. */
export interface JsonClientOptions {
  readonly endpoint: Endpoint;
  readonly region: string;
  /** As in the credential scope: `sqs`. */
  readonly service: string;
  /** Before the dot of `X-Amz-Target`: `AmazonSQS`. */
  readonly targetPrefix: string;
  readonly credentials: CredentialSource;
  readonly clock?: Clock;
  readonly random?: () => number;
}

const THROTTLED =
  /Throttl|TooManyRequests|RequestLimitExceeded|BandwidthLimitExceeded|SlowDown|PriorRequestNotComplete|ProvisionedThroughputExceeded|EC2ThrottledException/i;
const SKEWED =
  /RequestTimeTooSkewed|RequestExpired|RequestInTheFuture|InvalidSignature|SignatureDoesNotMatch|AuthFailure/i;
const REFUSED = /ExpiredToken|InvalidClientTokenId|UnrecognizedClient|InvalidAccessKeyId|InvalidToken/i;
/** Signatures are taken up to 15 minutes off; less than this is left alone, as the SDKs do. */
const MIN_SKEW_MS = 4 * 60_000;

interface Attempt {
  readonly response?: unknown;
  readonly fault?: Error;
  /** How the fault may pass: at once after a correction, after a wait, or not at all. */
  readonly again?: 'corrected' | 'passing' | 'throttled' | 'timed_out';
}

/** A client. Nothing is connected before its first call. */
export function jsonClient(options: JsonClientOptions): JsonClient {
  return new SignedJsonClient(options);
}

class SignedJsonClient implements JsonClient {
  readonly #clock: Clock;
  readonly #targetPrefix: string;
  readonly #requestStart: string;
  readonly #pool: ConnectionPool;
  readonly #credentials: Credentials;
  readonly #budget: RetryBudget;
  readonly #signer: Signer;
  /** What to add to the clock, learnt from a refusal. */
  #skewMs = 0;

  constructor(options: JsonClientOptions) {
    const { endpoint, region, service, targetPrefix, clock = systemClock, random = Math.random } = options;
    const { hostHeader, path } = endpoint;
    this.#clock = clock;
    this.#targetPrefix = targetPrefix;
    this.#requestStart = `POST ${path} HTTP/1.1\r\nHost: ${hostHeader}\r\nContent-Type: application/x-amz-json-1.0\r\nX-Amz-Target: `;
    this.#pool = connectionPool({ origin: endpoint, clock });
    this.#credentials = cachedCredentials(options.credentials, clock);
    this.#budget = retryBudget(random);
    this.#signer = signer({ host: hostHeader, path, service, region });
  }

  async call(action: string, input: unknown, options: CallOptions): Promise<unknown> {
    const body = JSON.stringify(input);
    let corrections = 0;
    for (let count = 1; ; count += 1) {
      const { response, fault, again } = await this.#attempt(action, body, options);
      if (fault === undefined) {
        this.#budget.succeeded(count);
        return response;
      }
      if (again === undefined) throw fault;
      if (again === 'corrected') {
        corrections += 1;
        if (corrections > 1) throw fault;
        continue;
      }
      const delayMs = this.#budget.delayMs(count - corrections, again);
      if (delayMs === undefined) throw fault;
      const { signal } = options;
      await sleep(delayMs, { clock: this.#clock, ...(signal === undefined ? {} : { signal }) });
      if (signal?.aborted === true) throw fault;
    }
  }

  close(): void {
    this.#pool.close();
  }

  async #attempt(action: string, body: string, { timeoutMs, signal }: CallOptions): Promise<Attempt> {
    const held = this.#credentials.current();
    const who = held instanceof Promise ? await held : held;
    try {
      const response = await this.#pool.send(this.#request(action, body, who, timeoutMs), signal);
      if (response.status < 200 || response.status >= 300) return this.#refused(response, who);
      return { response: response.body.length === 0 ? {} : JSON.parse(response.body.toString()) };
    } catch (error) {
      if (!(error instanceof ConnectionFault) && !(error instanceof SyntaxError)) throw error;
      if (signal?.aborted === true) return { fault: error };
      const timedOut = error instanceof ConnectionFault && error.timedOut;
      return { fault: error, again: timedOut ? 'timed_out' : 'passing' };
    }
  }

  #request(action: string, body: string, who: SigningCredentials, timeoutMs: number): RawRequest {
    const target = `${this.#targetPrefix}.${action}`;
    const bytes = Buffer.byteLength(body);
    const signed = this.#signer.headers({ target, body }, who, this.#clock.nowMs() + this.#skewMs);
    const head = `${this.#requestStart}${target}\r\n${signed}Content-Length: ${bytes}\r\n\r\n`;
    return { head, body, ascii: bytes === body.length, timeoutMs };
  }

  #refused(response: HttpResponse, who: SigningCredentials): Attempt {
    const fault = awsError(response);
    if (SKEWED.test(fault.name)) {
      const offMs = Date.parse(response.headers.get('date') ?? '') - this.#clock.nowMs();
      // A signature may be wrong for other reasons; only a clock that is off is worth another try.
      if (Number.isNaN(offMs) || Math.abs(offMs - this.#skewMs) < MIN_SKEW_MS) return { fault };
      this.#skewMs = offMs;
      return { fault, again: 'corrected' };
    }
    if (REFUSED.test(fault.name)) {
      this.#credentials.refuse(who);
      return { fault, again: 'corrected' };
    }
    if (THROTTLED.test(fault.name) || response.status === 429) return { fault, again: 'throttled' };
    return response.status >= 500 ? { fault, again: 'passing' } : { fault };
  }
}

/** The error of an answer; its code is in the body, or in the header that query-compatible services add. */
function awsError({ status, headers, body }: HttpResponse): AwsError {
  let fields: Readonly<Record<string, unknown>> = {};
  try {
    const parsed: unknown = JSON.parse(body.toString());
    if (typeof parsed === 'object' && parsed !== null) fields = parsed as typeof fields;
  } catch {
    // A load balancer's HTML, for instance: the status says enough.
  }
  const inBody = fields['__type'];
  const type = typeof inBody === 'string' ? inBody : headers.get('x-amzn-errortype');
  const name = type?.replace(/^.*#/, '').replace(/:.*$/, '') ?? `HTTP ${status}`;
  const message = fields['message'] ?? fields['Message'];
  return new AwsError(name, typeof message === 'string' ? message : `HTTP status ${status}`, status);
}

/** Static credentials, or the AWS SDK's provider chain, which is loaded only when it is needed. */
export function credentialSource(credentials: SigningCredentials | undefined): CredentialSource {
  if (credentials !== undefined) return () => Promise.resolve(credentials);
  let chain: CredentialSource | undefined;
  return async () => {
    if (chain === undefined) {
      const { defaultProvider } = await import('@aws-sdk/credential-provider-node').catch(
        (error: unknown) => {
          throw new LongshoreError(
            'invalid_options',
            'Cannot look for AWS credentials: install @aws-sdk/credential-provider-node, or pass `credentials`',
            { cause: error },
          );
        },
      );
      const provide = defaultProvider();
      // Its own memory would keep credentials that the service refused.
      chain = () => provide({ forceRefresh: true });
    }
    return chain();
  };
}
