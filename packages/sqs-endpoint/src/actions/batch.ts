/** The rules that all batches share, and their answers: each entry succeeds or fails by itself. */
import { SqsFault } from '../protocol/fault.ts';
import { inputs, text, type Input } from '../protocol/input.ts';

/** SQS: entries of a batch. */
const MAX_ENTRIES = 10;
const ENTRY_ID = /^[\w-]{1,80}$/;

/** The entries of a batch. @throws SqsFault when the batch as a whole is none. */
export function batchEntries(input: Input): readonly Input[] {
  const entries = inputs(input, 'Entries');
  if (entries.length === 0) {
    throw new SqsFault('EmptyBatchRequest', 'There should be at least one entry in the request.');
  }
  if (entries.length > MAX_ENTRIES) {
    throw new SqsFault(
      'TooManyEntriesInBatchRequest',
      `Maximum number of entries per request are ${MAX_ENTRIES}. You have sent ${entries.length}.`,
    );
  }
  const seen = new Set<string>();
  for (const entry of entries) {
    const id = text(entry, 'Id');
    if (!ENTRY_ID.test(id)) {
      throw new SqsFault(
        'InvalidBatchEntryId',
        'A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.',
      );
    }
    if (seen.has(id)) throw new SqsFault('BatchEntryIdsNotDistinct', `Id ${id} repeated.`);
    seen.add(id);
  }
  return entries;
}

/** Does each entry; a fault fails its entry only. */
export function eachEntry(entries: readonly Input[], work: (entry: Input) => object): object {
  const Successful: object[] = [];
  const Failed: object[] = [];
  for (const entry of entries) {
    const Id = text(entry, 'Id');
    try {
      Successful.push({ Id, ...work(entry) });
    } catch (error) {
      if (!(error instanceof SqsFault)) throw error;
      Failed.push({ Id, SenderFault: error.isSenderFault, Code: error.code, Message: error.message });
    }
  }
  return { Successful, ...(Failed.length === 0 ? {} : { Failed }) };
}
