/**
 * The job `index-document`: from an extracted text in the object store to the full-text index. Idempotent by document and
 * revision; concurrent jobs of one worker share a transaction of the index.
 */
import { basename } from 'node:path';
import { LongshoreError, bury, defineJob, type Directive, type JobDefinition } from '@longshore/job';
import { readJson } from '@longshore/objects';
import type { SearchDocument, SearchIndex } from '@longshore/search';
import { handle, type HandlerBinding, type HandlerContext } from '@longshore/worker';
import { z } from 'zod';

/** Payload of `index-document`. */
export interface IndexDocument {
  readonly documentId: string;
  /** Version of the extraction, from 1. */
  readonly revision: number;
  readonly artefactKey: string;
  /** The name that people know the document by. */
  readonly source: string;
}

const payload: z.ZodType<IndexDocument, IndexDocument> = z.object({
  documentId: z.string().min(1),
  revision: z.number().int().min(1),
  artefactKey: z.string().min(1),
  source: z.string(),
});

/** What indexing needs of an artefact; whatever else it holds is ignored. */
const artefact = z.object({
  pages: z.array(z.object({ page: z.number().int(), text: z.string() })),
  language: z.string(),
  metadata: z.object({ title: z.string().optional() }).optional(),
});

/** The job. */
export const indexDocument: JobDefinition<IndexDocument, IndexDocument> = defineJob({
  name: 'index-document',
  schema: payload,
  idempotencyKey: ({ documentId, revision }) => `${documentId}:${revision}`,
});

/** The handlers of the service on an index. */
export function indexingHandlers({ index }: { readonly index: SearchIndex }): HandlerBinding[] {
  return [handle(indexDocument, (context) => indexOne(context, index))];
}

async function indexOne(
  { payload: job, objects }: HandlerContext<IndexDocument>,
  index: SearchIndex,
): Promise<Directive | undefined> {
  const json = await readJson(objects, job.artefactKey);
  if (json === undefined) {
    throw new LongshoreError('object_missing', `There is no extracted text at "${job.artefactKey}"`, {
      retryable: true,
    });
  }
  const parsed = artefact.safeParse(json);
  if (!parsed.success)
    return bury(
      'corrupt',
      `The extracted text at "${job.artefactKey}" is not readable: ${z.prettifyError(parsed.error)}`,
    );
  const { pages, language, metadata } = parsed.data;
  const title = metadata?.title?.trim() ?? '';
  const document: SearchDocument = {
    id: job.documentId,
    revision: job.revision,
    title: title === '' ? basename(job.source) : title,
    language,
    source: job.source,
    pages,
  };
  const [result] = await index.bulk([{ kind: 'put', document }]);
  if (result?.outcome === 'failed')
    return bury('corrupt', `The index refuses "${job.source}": ${result.reason}`);
  return undefined;
}
