/**
 * What a document is filed under, as the object store keeps it beside the texts: a text is the document's alone, and is
 * read again when the index is built anew. Pure; whoever has the store reads and writes.
 */

/** Prefix of all records. */
export const COLLECTIONS_PREFIX = 'collections/';

/** Object key of a document's record. */
export function collectionKey(id: string): string {
  return `${COLLECTIONS_PREFIX}${encodeURIComponent(id)}.json`;
}

/** The record of a collection. */
export interface CollectionRecord {
  readonly collection: string;
}

/** The collection that a record names, or `undefined` where it is none. */
export function collectionOf(json: unknown): string | undefined {
  if (typeof json !== 'object' || json === null || !('collection' in json)) return undefined;
  return typeof json.collection === 'string' && json.collection !== '' ? json.collection : undefined;
}
