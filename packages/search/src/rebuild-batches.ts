/** Cuts a stream of documents into batches that a driver writes at a time. */
import type { SearchDocument } from './search-index.ts';

const MAX_DOCUMENTS = 200;
const MAX_CHARACTERS = 4 * 1024 * 1024;

/** The batches of a stream, in its order; a document that is larger than a batch is one alone. */
export async function* rebuildBatches(
  documents: AsyncIterable<SearchDocument>,
): AsyncGenerator<SearchDocument[]> {
  let batch: SearchDocument[] = [];
  let characters = 0;
  for await (const document of documents) {
    const size = document.pages.reduce((sum, { text }) => sum + text.length, document.title.length);
    if (batch.length > 0 && (batch.length >= MAX_DOCUMENTS || characters + size > MAX_CHARACTERS)) {
      yield batch;
      batch = [];
      characters = 0;
    }
    batch.push(document);
    characters += size;
  }
  if (batch.length > 0) yield batch;
}
