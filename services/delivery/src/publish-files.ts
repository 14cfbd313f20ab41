/**
 * Copies an artefact to where it stays: a key that its bytes decide, so that nothing is ever overwritten, then a manifest,
 * whose existence says that the revision is published. Both are created, not put: repetitions find them there.
 */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { LongshoreError } from '@longshore/job';
import { createJson, readJson, type ObjectStore, type StoredObject } from '@longshore/objects';
import { z } from 'zod';
import { contentDisposition } from './links/content-disposition.ts';
import type { PublishDocument } from './publish-document.ts';
import type { DeliveredFile } from './store/delivery-store.ts';

/** What publishing has come to. */
export type Published =
  | { readonly kind: 'published'; /** Absent for a rejection. */ readonly file?: DeliveredFile }
  /** What is stored is not what it should be: no later try helps. */
  | { readonly kind: 'corrupt'; readonly reason: string };

const manifestSchema = z.object({
  files: z
    .array(
      z.object({
        name: z.string(),
        key: z.string(),
        sha256: z.string(),
        bytes: z.number().int().min(0),
        contentType: z.string(),
      }),
    )
    .max(1),
});

const CONTENT_TYPE = 'application/json';

/** Publishes what a revision has; a rejection has nothing. */
export async function publishFiles(
  objects: ObjectStore,
  job: PublishDocument,
  { nowMs, signal }: { readonly nowMs: number; readonly signal: AbortSignal },
): Promise<Published> {
  const { artefactKey } = job;
  if (artefactKey === undefined || job.outcome === 'rejected') return { kind: 'published' };
  const known = await readManifest(objects, job, signal);
  if (known !== undefined) return known;
  const file = await copyArtefact(objects, artefactKey, job, signal);
  const manifest = {
    tenant: job.tenant,
    documentId: job.documentId,
    revision: job.revision,
    source: job.source,
    publishedAt: new Date(nowMs).toISOString(),
    files: [file],
  };
  const { created } = await createJson(objects, manifestKey(job), manifest, { signal });
  // Another attempt was faster: what it has committed is what is published.
  return created
    ? { kind: 'published', file }
    : ((await readManifest(objects, job, signal)) ?? { kind: 'published', file });
}

/** Where the manifest of a revision lies. */
function manifestKey({
  tenant,
  documentId,
  revision,
}: Pick<PublishDocument, 'tenant' | 'documentId' | 'revision'>): string {
  return `delivered/${tenant}/${documentId}/manifests/${revision}.json`;
}

async function readManifest(
  objects: ObjectStore,
  job: PublishDocument,
  signal: AbortSignal,
): Promise<Published | undefined> {
  const stored = await readJson(objects, manifestKey(job), { signal });
  if (stored === undefined) return undefined;
  const manifest = manifestSchema.safeParse(stored);
  if (!manifest.success)
    return {
      kind: 'corrupt',
      reason: `The manifest "${manifestKey(job)}" is not readable: ${z.prettifyError(manifest.error)}; remove it, and publish again`,
    };
  const [file] = manifest.data.files;
  return { kind: 'published', ...(file === undefined ? {} : { file }) };
}

/** Reads twice, once for the hash that is the key and once for the copy, so that the size of an artefact costs no memory. */
async function copyArtefact(
  objects: ObjectStore,
  from: string,
  job: PublishDocument,
  signal: AbortSignal,
): Promise<DeliveredFile> {
  const original = await open(objects, from, signal);
  const { sha256, bytes } = await digest(original.body);
  const contentType = original.contentType ?? CONTENT_TYPE;
  const name = `${basename(job.source).replace(/\.pdf$/i, '')}.json`;
  const key = `delivered/${job.tenant}/${job.documentId}/${sha256}`;
  const file: DeliveredFile = { name, key, sha256, bytes, contentType };
  const there = await objects.head(key, { signal });
  if (there === undefined) {
    const again = await open(objects, from, signal);
    const body = checked(again.body, file);
    await objects.create(key, body, { contentType, contentDisposition: contentDisposition(name), signal });
  } else if (there.bytes !== bytes) {
    throw new LongshoreError(
      'object_corrupt',
      `Cannot publish "${from}": object "${key}" is there with ${there.bytes} bytes instead of ${bytes}; remove it`,
      { details: { key } },
    );
  }
  return file;
}

async function open(objects: ObjectStore, key: string, signal: AbortSignal): Promise<StoredObject> {
  const found = await objects.get(key, { signal });
  if (found !== undefined) return found;
  throw new LongshoreError('object_missing', `There is no artefact at "${key}"`, {
    retryable: true,
    details: { key },
  });
}

async function digest(body: AsyncIterable<Uint8Array>): Promise<{ sha256: string; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of body) {
    hash.update(chunk);
    bytes += chunk.byteLength;
  }
  return { sha256: hash.digest('hex'), bytes };
}

/** A write is all or nothing: bytes that are not those that were hashed end it before anything is there. */
async function* checked(
  body: AsyncIterable<Uint8Array>,
  { key, sha256 }: DeliveredFile,
): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  for await (const chunk of body) {
    hash.update(chunk);
    yield chunk;
  }
  if (hash.digest('hex') === sha256) return;
  throw new LongshoreError('object_corrupt', `Cannot write "${key}": what is copied changed meanwhile`, {
    retryable: true,
  });
}
