/**
 * AWS Signature Version 4 for POST requests without a query.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 *
 * The key of a day is derived once; a request that is the same within one second, as receives are, is signed once.
 */
import { createHmac, hash } from 'node:crypto';

/** Who signs. */
export interface SigningCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/** What is signed. */
export interface SignableRequest {
  /** Value of `X-Amz-Target`. */
  readonly target: string;
  readonly body: string;
}

/** Signs requests to one host of one service in one region. */
export interface Signer {
  /** The header lines to send, each ended by CRLF: date, authorization and, for temporary credentials, their token. */
  headers(request: SignableRequest, credentials: SigningCredentials, epochMs: number): string;
}

/** Options of {@link signer}. */
export interface SignerOptions {
  readonly host: string;
  readonly path: string;
  readonly service: string;
  readonly region: string;
}

/** Different receives of one worker: a few batch sizes and waits on a few queues. */
const MEMO_CAPACITY = 64;

/** A signer. */
export function signer({ host, path, service, region }: SignerOptions): Signer {
  let key: { readonly day: string; readonly secret: string; readonly sign: Hmac } | undefined;
  let second = { at: -1, stamp: '', day: '' };
  let memo = new Map<string, string>();
  let memoOf = '';

  const signingKey = (day: string, secret: string): Hmac => {
    if (key?.day === day && key.secret === secret) return key.sign;
    const dayKey = hmac(hmac(hmac(hmac(`AWS4${secret}`, day), region), service), 'aws4_request');
    key = { day, secret, sign: hmacWith(dayKey) };
    return key.sign;
  };

  const sign = (
    { target, body }: SignableRequest,
    { accessKeyId, secretAccessKey, sessionToken }: SigningCredentials,
  ): string => {
    const { stamp, day } = second;
    const token = sessionToken === undefined ? '' : `x-amz-security-token:${sessionToken}\n`;
    const signed = `host;x-amz-date;${sessionToken === undefined ? '' : 'x-amz-security-token;'}x-amz-target`;
    const canonical = `POST\n${path}\n\nhost:${host}\nx-amz-date:${stamp}\n${token}x-amz-target:${target}\n\n${signed}\n${hash('sha256', body)}`;
    const scope = `${day}/${region}/${service}/aws4_request`;
    const text = `AWS4-HMAC-SHA256\n${stamp}\n${scope}\n${hash('sha256', canonical)}`;
    const signature = signingKey(day, secretAccessKey)(text);
    const tokenLine = sessionToken === undefined ? '' : `X-Amz-Security-Token: ${sessionToken}\r\n`;
    return `X-Amz-Date: ${stamp}\r\n${tokenLine}Authorization: AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${signed}, Signature=${signature}\r\n`;
  };

  return {
    headers(request, credentials, epochMs) {
      const at = Math.floor(epochMs / 1_000);
      const identity = `${credentials.accessKeyId}\n${credentials.sessionToken ?? ''}`;
      if (at !== second.at || identity !== memoOf) {
        const stamp = `${new Date(at * 1_000).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
        second = { at, stamp, day: stamp.slice(0, 8) };
        memo = new Map();
        memoOf = identity;
      }
      const name = `${request.target}\n${request.body}`;
      const known = memo.get(name);
      if (known !== undefined) return known;
      const lines = sign(request, credentials);
      if (memo.size < MEMO_CAPACITY && isRepeated(request)) memo.set(name, lines);
      return lines;
    },
  };
}

/** Only receives come again unchanged; to remember others would cost more than it saves. */
function isRepeated({ target }: SignableRequest): boolean {
  return target.endsWith('.ReceiveMessage');
}

type Hmac = (text: string) => string;

const BLOCK_BYTES = 64;

/**
 * HMAC-SHA-256 in hex under a fixed key of at most one block (RFC 2104), by two one-shot hashes: an `Hmac` object costs
 * as much as all the rest of a signature.
 */
export function hmacWith(key: Buffer): Hmac {
  const pad = (byte: number): Buffer =>
    Buffer.from(Array.from({ length: BLOCK_BYTES }, (_, index) => (key[index] ?? 0) ^ byte));
  const inner = pad(0x36);
  const outer = Buffer.concat([pad(0x5c), Buffer.alloc(32)]);
  return (text) => {
    hash('sha256', Buffer.concat([inner, Buffer.from(text)]), 'buffer').copy(outer, BLOCK_BYTES);
    return hash('sha256', outer, 'hex');
  };
}

function hmac(secret: string | Buffer, text: string): Buffer {
  return createHmac('sha256', secret).update(text).digest();
}
