/**
 * Reads items of the EC2 instance metadata service, version 2: a session token by PUT, then GETs that carry it. Every
 * call is bounded.
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
 */
import type { Clock } from '@longshore/job';

/** Where and how to read. */
export interface InstanceMetadataOptions {
  readonly imdsUri: string;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly fetch: typeof globalThis.fetch;
}

/** The metadata of the instance that this runs on. */
export interface InstanceMetadata {
  /** The text of an item below `/latest/meta-data/`, `undefined` where there is none. Rejects when it cannot be read. */
  read(item: string, signal: AbortSignal): Promise<string | undefined>;
}

/** The longest that the service grants; a token is asked for again a minute before its end. */
const TOKEN_SECONDS = 21_600;
const RENEW_BEFORE_MS = 60_000;

/** Keeps one token for all reads. */
export function instanceMetadata(options: InstanceMetadataOptions): InstanceMetadata {
  const { imdsUri, timeoutMs, clock, fetch } = options;
  const root = `${imdsUri.replace(/\/+$/, '')}/latest`;
  let token: { readonly text: string; readonly untilMs: number } | undefined;

  const call = async (
    url: string,
    init: RequestInit,
    signal: AbortSignal,
  ): Promise<{ status: number; body: string }> => {
    const late = new AbortController();
    const timer = clock.after(timeoutMs, () => late.abort(new Error(`No answer within ${timeoutMs} ms`)));
    try {
      const response = await fetch(url, { ...init, signal: AbortSignal.any([late.signal, signal]) });
      return { status: response.status, body: await response.text() };
    } finally {
      timer.cancel();
    }
  };

  const freshToken = async (signal: AbortSignal): Promise<string> => {
    if (token !== undefined && clock.nowMs() < token.untilMs) return token.text;
    const askedMs = clock.nowMs();
    const headers = { 'x-aws-ec2-metadata-token-ttl-seconds': String(TOKEN_SECONDS) };
    const { status, body } = await call(`${root}/api/token`, { method: 'PUT', headers }, signal);
    if (status !== 200) throw new Error(`The metadata service answered ${status} to the request for a token`);
    token = { text: body, untilMs: askedMs + TOKEN_SECONDS * 1_000 - RENEW_BEFORE_MS };
    return body;
  };

  return {
    async read(item, signal) {
      const headers = { 'x-aws-ec2-metadata-token': await freshToken(signal) };
      const { status, body } = await call(`${root}/meta-data/${item}`, { headers }, signal);
      if (status === 404) return undefined;
      if (status === 200) return body;
      // 401: the token is void, for instance because the instance was stopped and started. The next read gets another.
      if (status === 401) token = undefined;
      throw new Error(`The metadata service answered ${status} to ${item}`);
    },
  };
}
