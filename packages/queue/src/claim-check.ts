/**
 * The claim check: a payload over the queue's size limit lies in the object store, and the message carries where. The
 * store is the worker's own configuration; a message can name a key under its queue's prefix and nothing else.
 */
import { createHash } from 'node:crypto';
import { LongshoreError, parseJson, type ClaimReference, type Envelope } from '@longshore/job';
import { readText, type ObjectStore } from '@longshore/objects';

/** Payload of a job, or why it cannot be had. */
export type ResolvedClaim =
  | { readonly ok: true; readonly payload: unknown }
  | { readonly ok: false; readonly error: LongshoreError };

/** Stores a payload; the envelope then carries the reference in its place. */
export async function storeClaim(
  envelope: Envelope,
  objects: ObjectStore,
  queueName: string,
): Promise<Envelope> {
  const text = JSON.stringify(envelope.payload);
  const claim: ClaimReference = {
    key: `${prefix(queueName)}${envelope.id}.json`,
    bytes: Buffer.byteLength(text),
    sha256: sha256(text),
  };
  await objects.put(claim.key, text, { contentType: 'application/json' });
  const { payload: _payload, ...rest } = envelope;
  return { ...rest, claim };
}

/** The payload of an envelope, read from the object store where it is claimed. Rejects when the store is out of reach. */
export async function resolveClaim(
  envelope: Envelope,
  objects: ObjectStore | undefined,
  { queue }: { readonly queue: string },
): Promise<ResolvedClaim> {
  const { claim } = envelope;
  if (claim === undefined) return { ok: true, payload: envelope.payload };
  if (objects === undefined) {
    return fault(
      'unsupported',
      'The payload is in an object store and this worker has none: pass `objects` to createWorker',
      claim,
    );
  }
  if (!isOwn(claim.key, queue)) {
    return fault('claim_corrupt', `The claim "${claim.key}" is not under "${prefix(queue)}": refused`, claim);
  }
  const text = await readText(objects, claim.key, { maxBytes: claim.bytes + 1 }).catch((error: unknown) => {
    if (error instanceof LongshoreError && error.code === 'too_large') return '';
    throw error;
  });
  if (text === undefined) return fault('claim_missing', `The payload at "${claim.key}" is gone`, claim);
  const json = sha256(text) === claim.sha256 ? parseJson(text) : undefined;
  if (json?.ok !== true)
    return fault('claim_corrupt', `The payload at "${claim.key}" is not what was enqueued`, claim);
  return { ok: true, payload: json.value };
}

/** Removes a stored payload. Only after its message is deleted: a redelivery would find nothing. */
export async function releaseClaim(
  envelope: Envelope,
  objects: ObjectStore,
  { queue }: { readonly queue: string },
): Promise<void> {
  const { claim } = envelope;
  if (claim !== undefined && isOwn(claim.key, queue)) await objects.delete(claim.key);
}

function prefix(queueName: string): string {
  return `claims/${queueName}/`;
}

function isOwn(key: string, queueName: string): boolean {
  return (
    key.startsWith(prefix(queueName)) &&
    /^[A-Za-z0-9._-]+$/.test(key.slice(prefix(queueName).length)) &&
    !key.includes('..')
  );
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function fault(
  code: 'claim_corrupt' | 'claim_missing' | 'unsupported',
  message: string,
  { key }: ClaimReference,
): ResolvedClaim {
  return { ok: false, error: new LongshoreError(code, message, { details: { key } }) };
}
