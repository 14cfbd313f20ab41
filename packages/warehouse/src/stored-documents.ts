/**
 * What the object store knows of documents: an event for each artefact below `extractions/` and each rejection below
 * `rejections/`. Times in the queue, sizes and attempts are not kept there; such events say that they are backfilled.
 */
import { LongshoreError } from '@longshore/job';
import { readJson, type ObjectInfo, type ObjectStore } from '@longshore/objects';
import { z } from 'zod';
import type { DocumentEvent } from './document-event.ts';

/** A key of an extraction's result: prefix, version of the extractor, SHA-256 of the document. */
export interface StoredKey {
  readonly outcome: 'extracted' | 'rejected';
  readonly revision: number;
  readonly documentId: string;
}

/** Options of {@link storedDocuments}. */
export interface StoredDocumentsOptions {
  readonly objects: ObjectStore;
  /** Called for an object that cannot be read as a result; it is left out. */
  readonly onUnreadable?: (key: string, reason: string) => void;
  /** Objects that are read at a time. Default 16. */
  readonly concurrency?: number;
  readonly signal?: AbortSignal;
}

const DEFAULT_CONCURRENCY = 16;
const PREFIXES: readonly string[] = ['extractions/', 'rejections/'];

const artefact = z.object({
  source: z.string().optional(),
  bytes: z.number().int().min(0).optional(),
  extractor: z.object({ engine: z.string().optional() }),
  pageCount: z.number().int().min(0),
  words: z.number().int().min(0),
  textLayer: z.enum(['present', 'none', 'empty']),
  language: z.string(),
});
const rejection = z.object({
  source: z.string().optional(),
  bytes: z.number().int().min(0).optional(),
  code: z.string(),
});

/** What a key says, or `undefined` for one that is not a result's. */
function parseStoredKey(key: string): StoredKey | undefined {
  const match = /^(extractions|rejections)\/([1-9]\d{0,8})\/([0-9a-f]{64})\.json$/.exec(key);
  const [, folder, revision, documentId] = match ?? [];
  if (revision === undefined || documentId === undefined) return undefined;
  return {
    outcome: folder === 'extractions' ? 'extracted' : 'rejected',
    revision: Number(revision),
    documentId,
  };
}

/** Every result's key, in key order within each prefix. */
export async function* storedKeys(
  objects: ObjectStore,
  signal?: AbortSignal,
): AsyncGenerator<StoredKey & { readonly object: ObjectInfo }> {
  for (const prefix of PREFIXES) {
    for await (const object of objects.list(prefix, signal === undefined ? {} : { signal })) {
      const parsed = parseStoredKey(object.key);
      if (parsed !== undefined) yield { ...parsed, object };
    }
  }
}

/** Reads every result. @throws the errors of the store */
export async function* storedDocuments(options: StoredDocumentsOptions): AsyncGenerator<DocumentEvent> {
  const { objects, concurrency = DEFAULT_CONCURRENCY, signal } = options;
  // A window of reads in order: the store's latency is paid once for each window's length, not for each object.
  const reading: Promise<DocumentEvent | undefined>[] = [];
  try {
    for await (const stored of storedKeys(objects, signal)) {
      const read = readOne(stored, options);
      // Awaited below, in order; until then its failure is not unheard of.
      read.catch(() => undefined);
      reading.push(read);
      if (reading.length < concurrency) continue;
      const event = await reading.shift();
      if (event !== undefined) yield event;
    }
    for (const read of reading) {
      const event = await read;
      if (event !== undefined) yield event;
    }
  } finally {
    await Promise.allSettled(reading);
  }
}

async function readOne(
  stored: StoredKey & { readonly object: ObjectInfo },
  { objects, onUnreadable, signal }: StoredDocumentsOptions,
): Promise<DocumentEvent | undefined> {
  const { object, outcome, revision, documentId } = stored;
  try {
    const json = await readJson(objects, object.key, signal === undefined ? {} : { signal });
    if (json === undefined) return undefined;
    const parsed = outcome === 'extracted' ? ofArtefact(json, object.key) : ofRejection(json);
    return {
      documentId,
      revision,
      outcome,
      contentType: 'application/pdf',
      finishedAt: new Date(object.modifiedAtMs).toISOString(),
      worker: 'backfill',
      isBackfill: true,
      ...parsed,
    };
  } catch (error) {
    const isObject =
      error instanceof z.ZodError ||
      (error instanceof LongshoreError && /corrupt|too_large/.test(error.code));
    if (!isObject) throw error;
    onUnreadable?.(object.key, error instanceof z.ZodError ? z.prettifyError(error) : error.message);
    return undefined;
  }
}

type Kept = Pick<
  DocumentEvent,
  'source' | 'code' | 'artefactKey' | 'bytes' | 'pages' | 'words' | 'language' | 'textLayer' | 'engine'
>;

function ofArtefact(json: unknown, key: string): Kept {
  const { source = '', bytes, extractor, pageCount, words, textLayer, language } = artefact.parse(json);
  return {
    source,
    artefactKey: key,
    pages: pageCount,
    words,
    textLayer,
    language,
    ...(bytes === undefined ? {} : { bytes }),
    ...(extractor.engine === undefined ? {} : { engine: extractor.engine }),
  };
}

function ofRejection(json: unknown): Kept {
  const { source = '', bytes, code } = rejection.parse(json);
  return {
    source,
    code,
    pages: 0,
    words: 0,
    language: 'und',
    textLayer: 'empty',
    ...(bytes === undefined ? {} : { bytes }),
  };
}
