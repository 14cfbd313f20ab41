/**
 * Artefacts of recognised documents. Each has a revision of its own, by the time of its recognition, so that readers of the
 * store see that it is newer than one without OCR or with other languages. A record by document, program and languages
 * says where it lies.
 */
import { LongshoreError } from '@longshore/job';
import { createJson, readJson, writeJson, type ObjectStore } from '@longshore/objects';
import type { HandlerContext } from '@longshore/worker';
import { z } from 'zod';
import {
  artefactKey,
  artefactSchema,
  recognitionKey,
  recognitionSchema,
  revisionOf,
  type Artefact,
} from '../artefact.ts';
import type { OcrUse } from './page-ocr.ts';

/** Revisions count seconds. */
const REVISION_MS = 1_000;

/** The artefact at a key. @throws LongshoreError `object_corrupt` */
export async function readArtefact(
  objects: ObjectStore,
  key: string,
  signal: AbortSignal,
): Promise<Artefact | undefined> {
  const json = await readJson(objects, key, { signal });
  if (json === undefined) return undefined;
  const parsed = artefactSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new LongshoreError(
    'object_corrupt',
    `The artefact "${key}" is not readable: ${z.prettifyError(parsed.error)}; delete it to extract again`,
  );
}

/** What this OCR made of a document earlier, unless somebody has deleted it. @throws LongshoreError `object_corrupt` */
export async function readRecognised(
  objects: ObjectStore,
  documentId: string,
  { signal, ...ocr }: OcrUse & { readonly signal: AbortSignal },
): Promise<Artefact | undefined> {
  const record = recognitionSchema.safeParse(
    await readJson(objects, recognitionKey(documentId, ocr), { signal }),
  );
  return record.success ? await readArtefact(objects, record.data.artefactKey, signal) : undefined;
}

/**
 * Keeps what was recognised: first the artefact, then the record of it. Of two attempts at a time both are kept, and the
 * later one counts.
 */
export async function keepRecognised(
  { objects, signal }: Pick<HandlerContext<unknown>, 'objects' | 'signal'>,
  { extractor, ...rest }: Artefact,
  { nowMs, name, version, languages }: OcrUse & { readonly nowMs: number },
): Promise<Artefact> {
  const { documentId } = rest;
  for (let atMs = nowMs; ; atMs += REVISION_MS) {
    const recognisedAt = new Date(atMs).toISOString();
    const artefact = {
      ...rest,
      extractor: { ...extractor, ocr: { name, version, languages, recognisedAt } },
    };
    const key = artefactKey(documentId, revisionOf(artefact));
    const { created } = await createJson(objects, key, artefact, { signal });
    // Another one of the same second, perhaps in other languages.
    if (!created) continue;
    const record: z.infer<typeof recognitionSchema> = { artefactKey: key };
    await writeJson(objects, recognitionKey(documentId, { name, version, languages }), record, { signal });
    return artefact;
  }
}
