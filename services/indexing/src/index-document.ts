/**
 * The jobs `index-document` and `remove-document`: from an extracted text in the object store to the full-text index, and
 * out of it. Idempotent by document and revision; concurrent jobs of one worker share a transaction of the index.
 */
import { LongshoreError, bury, defineJob, type Directive, type JobDefinition } from '@longshore/job';
import { readJson, writeJson } from '@longshore/objects';
import {
  collectionKey,
  collectionOf,
  documentOfArtefact,
  type CollectionRecord,
  type IndexOperation,
  type OperationResult,
  type SearchIndex,
} from '@longshore/search';
import {
  handle,
  microBatch,
  type HandlerBinding,
  type HandlerContext,
  type MicroBatch,
} from '@longshore/worker';
import { z } from 'zod';

/** Payload of `index-document`. */
export interface IndexDocument {
  readonly documentId: string;
  /** Version of the extraction, from 1. */
  readonly revision: number;
  readonly artefactKey: string;
  /** The name that people know the document by. */
  readonly source: string;
  /**
   * What it is filed under, to search in one collection alone. It stays so when the document is indexed again without, until
   * a job files it elsewhere. Default: what it was filed under before.
   */
  readonly collection?: string | undefined;
}

/** Payload of `remove-document`. */
export interface RemoveDocument {
  readonly documentId: string;
  /** The revision to remove; a newer one stays. */
  readonly revision: number;
}

const removal = z.object({ documentId: z.string().min(1), revision: z.number().int().min(1) });
const payload: z.ZodType<IndexDocument, IndexDocument> = removal.extend({
  artefactKey: z.string().min(1),
  source: z.string(),
  collection: z.string().min(1).optional(),
});

/** The job that indexes. */
export const indexDocument: JobDefinition<IndexDocument, IndexDocument> = defineJob({
  name: 'index-document',
  schema: payload,
  idempotencyKey: ({ documentId, revision }) => `${documentId}:${revision}`,
});

/** The job that removes. */
export const removeDocument: JobDefinition<RemoveDocument, RemoveDocument> = defineJob({
  name: 'remove-document',
  schema: removal,
  idempotencyKey: ({ documentId, revision }) => `${documentId}:${revision}:removed`,
});

type Batch = MicroBatch<IndexOperation, OperationResult>;

/** The handlers of the service on an index. */
export function indexingHandlers({ index }: { readonly index: SearchIndex }): HandlerBinding[] {
  const batch: Batch = microBatch({
    write: async (operations) => {
      const results = await index.bulk(operations);
      return results.map((value) => ({ ok: true, value }));
    },
    sizeOf: (operation) =>
      operation.kind === 'delete'
        ? 0
        : operation.document.pages.reduce((sum, { text }) => sum + text.length, 0),
  });
  return [
    handle(indexDocument, (context) => indexOne(context, batch)),
    handle(removeDocument, ({ payload: { documentId: id, revision }, signal }) =>
      write(batch, { kind: 'delete', id, revision }, id, signal),
    ),
  ];
}

async function indexOne(
  { payload: job, objects, signal }: HandlerContext<IndexDocument>,
  batch: Batch,
): Promise<Directive | undefined> {
  const json = await readJson(objects, job.artefactKey);
  if (json === undefined) {
    throw new LongshoreError('object_missing', `There is no extracted text at "${job.artefactKey}"`, {
      retryable: true,
    });
  }
  const { documentId: id, revision, source } = job;
  const collection = await filedUnder(job, objects, signal);
  const read = documentOfArtefact(json, {
    id,
    revision,
    source,
    ...(collection === undefined ? {} : { collection }),
  });
  if (!read.ok)
    return bury('corrupt', `The extracted text at "${job.artefactKey}" is not readable: ${read.reason}`);
  return await write(batch, { kind: 'put', document: read.document }, source, signal);
}

/** The job's collection, kept for when the index is built anew; or the one that is kept. */
async function filedUnder(
  { documentId, collection }: IndexDocument,
  objects: HandlerContext<IndexDocument>['objects'],
  signal: AbortSignal,
): Promise<string | undefined> {
  const key = collectionKey(documentId);
  if (collection === undefined) return collectionOf(await readJson(objects, key, { signal }));
  const record: CollectionRecord = { collection };
  await writeJson(objects, key, record, { signal });
  return collection;
}

async function write(
  batch: Batch,
  operation: IndexOperation,
  name: string,
  signal: AbortSignal,
): Promise<Directive | undefined> {
  const result = await batch.add(operation, { signal });
  return result.outcome === 'failed'
    ? bury('corrupt', `The index refuses "${name}": ${result.reason}`)
    : undefined;
}
