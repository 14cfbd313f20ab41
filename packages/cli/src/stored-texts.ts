/** Every extracted text of the object store as a document to index, read by the same reader as the indexing service's. */
import { LongshoreError } from '@longshore/job';
import { readJson, type ObjectStore } from '@longshore/objects';
import {
  COLLECTIONS_PREFIX,
  collectionKey,
  collectionOf,
  documentOfArtefact,
  type SearchDocument,
} from '@longshore/search';

/** Options of {@link storedTexts}. */
export interface StoredTextsOptions {
  readonly objects: ObjectStore;
  /** Called for an object that cannot be read as an extracted text; it is left out. */
  readonly onUnreadable: (key: string, reason: string) => void;
}

const PREFIX = 'extractions/';
/** Texts read ahead: enough to hide the store's latency; each may be a book. */
const READ_AHEAD = 8;

interface TextKey {
  readonly key: string;
  readonly id: string;
  readonly revision: number;
}

/** Reads them. A document that was extracted by several versions comes once for each; its revision says which is newer. */
export async function* storedTexts({
  objects,
  onUnreadable,
}: StoredTextsOptions): AsyncGenerator<SearchDocument> {
  // Few documents are filed under anything: known ahead, it costs the others no request.
  const filed = new Set<string>();
  for await (const { key } of objects.list(COLLECTIONS_PREFIX)) filed.add(key);
  const reading: Promise<SearchDocument | undefined>[] = [];
  try {
    for await (const { key } of objects.list(PREFIX)) {
      const parsed = textKey(key);
      if (parsed === undefined) {
        onUnreadable(key, 'expected a key like extractions/1/<sha256>.json');
        continue;
      }
      const read = readOne(parsed, { objects, onUnreadable, filed });
      // Awaited below, in order; until then its failure is not unheard of.
      read.catch(() => undefined);
      reading.push(read);
      if (reading.length < READ_AHEAD) continue;
      const document = await reading.shift();
      if (document !== undefined) yield document;
    }
    for (const read of reading) {
      const document = await read;
      if (document !== undefined) yield document;
    }
  } finally {
    await Promise.allSettled(reading);
  }
}

function textKey(key: string): TextKey | undefined {
  const [, revision, id] = /^extractions\/([1-9]\d{0,8})\/([0-9a-f]{64})\.json$/.exec(key) ?? [];
  return revision === undefined || id === undefined ? undefined : { key, id, revision: Number(revision) };
}

/** `undefined` for what is not readable, and for what was removed since it was listed. */
async function readOne(
  { key, id, revision }: TextKey,
  { objects, onUnreadable, filed }: StoredTextsOptions & { readonly filed: ReadonlySet<string> },
): Promise<SearchDocument | undefined> {
  let json: unknown;
  try {
    json = await readJson(objects, key);
  } catch (error) {
    if (!(error instanceof LongshoreError && /corrupt|too_large/.test(error.code))) throw error;
    onUnreadable(key, error.message);
    return undefined;
  }
  if (json === undefined) return undefined;
  const collection = filed.has(collectionKey(id))
    ? collectionOf(await readJson(objects, collectionKey(id)))
    : undefined;
  const read = documentOfArtefact(json, {
    id,
    revision,
    source: sourceOf(json) ?? key,
    ...(collection === undefined ? {} : { collection }),
  });
  if (read.ok) return read.document;
  onUnreadable(key, read.reason);
  return undefined;
}

function sourceOf(json: unknown): string | undefined {
  return typeof json === 'object' && json !== null && 'source' in json && typeof json.source === 'string'
    ? json.source
    : undefined;
}
