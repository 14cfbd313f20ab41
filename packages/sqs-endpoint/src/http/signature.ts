/** What the endpoint reads of a request's signature: who signed, for which region, and when. Nothing is verified. */
import type { IncomingHttpHeaders } from 'node:http';
import { SqsFault } from '../protocol/fault.ts';

/** Who signed. */
export interface Signer {
  readonly sender: string;
  readonly region: string;
}

const CREDENTIAL = /Credential=([^/\s,]+)\/\d+\/([\w-]+)\//;
const STAMP = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;
/** AWS: signatures are good for a quarter of an hour in both directions. */
const TOLERANCE_MS = 900_000;

/** The signer; requests without a signature have one, too. */
export function signerOf({ authorization = '' }: IncomingHttpHeaders): Signer {
  const [, sender = 'anonymous', region = 'us-east-1'] = CREDENTIAL.exec(authorization) ?? [];
  return { sender, region };
}

/** Refuses a signature whose time is too far from ours. @throws SqsFault `InvalidSignatureException`, status 403. */
export function checkSigningTime(headers: IncomingHttpHeaders, nowMs: number): void {
  if (headers.authorization === undefined) return;
  const stamp = String(headers['x-amz-date'] ?? '');
  const signedMs = Date.parse(stamp.replace(STAMP, '$1-$2-$3T$4:$5:$6Z'));
  if (Number.isNaN(signedMs)) throw refused(`Signature has no valid X-Amz-Date: "${stamp}"`);
  const now = stampOf(nowMs);
  if (signedMs < nowMs - TOLERANCE_MS) {
    const earliest = stampOf(nowMs - TOLERANCE_MS);
    throw refused(`Signature expired: ${stamp} is now earlier than ${earliest} (${now} - 15 min.)`);
  }
  if (signedMs > nowMs + TOLERANCE_MS) {
    const latest = stampOf(nowMs + TOLERANCE_MS);
    throw refused(`Signature not yet current: ${stamp} is still later than ${latest} (${now} + 15 min.)`);
  }
}

function stampOf(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]|\.\d+/g, '');
}

function refused(message: string): SqsFault {
  return new SqsFault('InvalidSignatureException', message, 403);
}
