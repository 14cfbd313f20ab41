/**
 * The full-text index in OpenSearch, for those who outgrow one PostgreSQL. Documents go by the bulk API with their revision
 * as external version; deleted ones stay as tombstones; reads go through an alias, so that an index can be built anew behind
 * it.
 */
import { LongshoreError, systemClock, type Clock } from '@longshore/job';
import type { HeldRevision } from '../decide-writes.ts';
import { hitOf } from '../hit.ts';
import type { QueryPart } from '../query.ts';
import { searchSpec } from '../search-spec.ts';
import { askedWords, MAX_SUGGESTIONS } from '../suggestions.ts';
import type {
  IndexOperation,
  OperationResult,
  RebuildableSearchIndex,
  SearchDocument,
  SearchHit,
  SearchQuery,
  SearchResult,
} from '../search-index.ts';
import { indexId, type BulkSettings } from './bulk-writer.ts';
import { byteGate } from './byte-gate.ts';
import { call, errorReason, isObject, unavailable, type OpenSearchClient } from './calls.ts';
import { ensureIndex } from './generations.ts';
import { rebuild } from './rebuild.ts';
import { searchBody, suggestBody } from './search-body.ts';
import { writeEverywhere } from './write-everywhere.ts';

/** Options of {@link openSearchIndex}. */
export interface OpenSearchIndexOptions {
  /** A `Client` of `@opensearch-project/opensearch` 3; it stays the caller's, with its addresses, credentials and TLS. */
  readonly client: OpenSearchClient;
  /** Alias that is read and written; the indexes are `<name>-000001` and so on. Lower case letters, digits, `-` and `_`. Default `longshore`. */
  readonly name?: string;
  /** Primary shards of an index that is made, from 1. Default 1, which serves some 30 GB. */
  readonly shards?: number;
  /** Copies of each shard, from 0. Default 1: with none, a lost node loses documents. */
  readonly replicas?: number;
  /** Whether a write waits until it can be found, up to the index's refresh interval (1 s). Default `true`. */
  readonly isFoundAtOnce?: boolean;
  /** Largest bulk request in bytes; a larger document goes alone. Default 5 MiB: AWS takes 10 MiB on small nodes. */
  readonly maxRequestBytes?: number;
  /** Bytes of bulk requests on their way at a time. Default 20 MiB. */
  readonly maxBytesInFlight?: number;
  /** Longest request, in milliseconds. Default 30,000. */
  readonly requestTimeoutMs?: number;
  /** Tries of what failed for the moment (429, 5xx, network), the first included, from 1. Default 5. */
  readonly tries?: number;
  readonly clock?: Clock;
  /** From 0 to 1. Default `Math.random`. */
  readonly random?: () => number;
}

const NAME = /^[a-z][a-z0-9_-]{0,99}$/;
const MIB = 1024 * 1024;

/**
 * Opens the index, and makes it where there is none.
 *
 * @throws LongshoreError `invalid_options`; `index_unavailable`, retryable when the cluster cannot be reached
 */
export async function openSearchIndex(options: OpenSearchIndexOptions): Promise<RebuildableSearchIndex> {
  const settings = checked(options);
  await ensureIndex(settings, settings.name, settings);
  let isClosed = false;
  const open = (): Settings => {
    if (isClosed) throw new LongshoreError('closed', 'Cannot use a search index after it was closed');
    return settings;
  };
  const close = (): Promise<void> => {
    isClosed = true;
    return Promise.resolve();
  };
  return {
    bulk: async (operations) => await bulk(open(), operations),
    search: async (query) => await search(open(), query),
    revisions: async (ids) => {
      const held = await heldRevisions(open(), ids);
      return new Map(
        [...held].flatMap(([id, { revision, isDeleted }]) => (isDeleted ? [] : [[id, revision]])),
      );
    },
    count: async () => await count(open()),
    rebuild: async (documents) => await rebuild(open(), documents),
    close,
    [Symbol.asyncDispose]: close,
  };
}

interface Settings extends BulkSettings {
  readonly name: string;
  readonly shards: number;
  readonly replicas: number;
}

function checked({
  client,
  name = 'longshore',
  shards = 1,
  replicas = 1,
  isFoundAtOnce = true,
  maxRequestBytes = 5 * MIB,
  maxBytesInFlight = 20 * MIB,
  requestTimeoutMs = 30_000,
  tries = 5,
  clock = systemClock,
  random = Math.random,
}: OpenSearchIndexOptions): Settings {
  const faults = NAME.test(name)
    ? []
    : [`name "${name}", expected up to 100 of a-z, 0-9, - and _, beginning with a letter`];
  const counts = { shards, maxRequestBytes, maxBytesInFlight, requestTimeoutMs, tries };
  for (const [option, value] of Object.entries({ ...counts, replicas: replicas + 1 })) {
    if (!Number.isInteger(value) || value < 1)
      faults.push(
        `${option} ${option === 'replicas' ? replicas : value}, expected a whole number from ${option === 'replicas' ? 0 : 1}`,
      );
  }
  if (faults.length > 0)
    throw new LongshoreError(
      'invalid_options',
      `Cannot open the search index in OpenSearch: ${faults.join('; ')}`,
    );
  const refresh = isFoundAtOnce ? 'wait_for' : 'false';
  const gate = byteGate(maxBytesInFlight);
  return {
    client,
    name,
    shards,
    replicas,
    refresh,
    maxRequestBytes,
    gate,
    requestTimeoutMs,
    tries,
    clock,
    random,
  };
}

async function bulk(settings: Settings, operations: readonly IndexOperation[]): Promise<OperationResult[]> {
  if (operations.length === 0) return [];
  const ids = operations.map((operation) =>
    operation.kind === 'put' ? operation.document.id : operation.id,
  );
  const held = await heldRevisions(settings, ids);
  return await writeEverywhere(settings, operations, held);
}

/** What the index holds of these ids, as of now: a get does not wait for a refresh. */
async function heldRevisions(settings: Settings, ids: readonly string[]): Promise<Map<string, HeldRevision>> {
  const held = new Map<string, HeldRevision>();
  const distinct = [...new Set(ids)].filter((id) => id !== '');
  if (distinct.length === 0) return held;
  const { body } = await call(settings, {
    method: 'POST',
    path: `/${settings.name}/_mget`,
    querystring: { _source_includes: 'revision,isDeleted' },
    body: { ids: distinct.map(indexId) },
  });
  const documents: unknown[] = Array.isArray(body['docs']) ? body['docs'] : [];
  for (const [at, document] of documents.entries()) {
    const id = distinct[at];
    if (id === undefined || !isObject(document)) continue;
    if (document['error'] !== undefined)
      throw unavailable(`it does not say what it holds of "${id}": ${errorReason(document['error'])}`, {
        retryable: true,
      });
    const source = document['_source'];
    if (document['found'] !== true || !isObject(source)) continue;
    held.set(id, { revision: Number(source['revision']), isDeleted: source['isDeleted'] === true });
  }
  return held;
}

async function count(settings: Settings): Promise<number> {
  const { body } = await call(settings, {
    method: 'POST',
    path: `/${settings.name}/_count`,
    body: { query: { term: { isDeleted: false } } },
  });
  return Number(body['count']);
}

async function search(settings: Settings, query: SearchQuery): Promise<SearchResult> {
  const spec = searchSpec(query);
  const { parts } = spec;
  const { body } = await call(settings, {
    method: 'POST',
    path: `/${settings.name}/_search`,
    // A part of the hits would look like all of them.
    querystring: { allow_partial_search_results: 'false' },
    body: searchBody(spec),
  });
  const found = isObject(body['hits']) ? body['hits'] : {};
  const total = isObject(found['total']) ? Number(found['total']['value']) : 0;
  const hits: unknown[] = Array.isArray(found['hits']) ? found['hits'] : [];
  if (total === 0) return { hits: [], total, suggestions: await suggestions(settings, askedWords(parts)) };
  return { hits: hits.filter(isObject).map((hit) => toHit(hit, parts)), total };
}

async function suggestions(settings: Settings, words: readonly string[]): Promise<string[]> {
  if (words.length === 0) return [];
  const path = `/${settings.name}/_search`;
  const { body } = await call(settings, { method: 'POST', path, body: suggestBody(words) });
  const answers = isObject(body['suggest']) ? body['suggest'] : {};
  const listOf = (value: unknown, field: string): unknown[] =>
    isObject(value) && Array.isArray(value[field]) ? value[field] : [];
  const found = words
    .flatMap((word) => listOf(answers, word))
    .flatMap((entry) => listOf(entry, 'options'))
    .flatMap((option) => (isObject(option) && typeof option['text'] === 'string' ? [option['text']] : []));
  return [...new Set(found)].slice(0, MAX_SUGGESTIONS);
}

function toHit(hit: Readonly<Record<string, unknown>>, parts: readonly QueryPart[]): SearchHit {
  const source = hit['_source'] as Omit<SearchDocument, 'revision'>;
  return hitOf({ ...source, score: Number(hit['_score']) }, parts);
}
