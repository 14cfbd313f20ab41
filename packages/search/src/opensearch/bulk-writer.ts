/**
 * Sends documents by the bulk API and reads the status of each one. Every document carries its revision as an external
 * version, so that sending it again, late or twice does no harm: that makes the retries safe.
 * https://docs.opensearch.org/latest/api-reference/document-apis/bulk/
 */
import { createHash } from 'node:crypto';
import { LongshoreError } from '@longshore/job';
import type { PlannedWrite } from '../decide-writes.ts';
import type { ByteGate } from './byte-gate.ts';
import {
  attempt,
  errorReason,
  isBlocked,
  isObject,
  isPassing,
  pauseBefore,
  unavailable,
  type CallSettings,
} from './calls.ts';
import { sourceOf, tombstoneOf } from './index-definition.ts';

/** How documents are sent. */
export interface BulkSettings extends CallSettings {
  readonly maxRequestBytes: number;
  readonly gate: ByteGate;
  readonly refresh: 'wait_for' | 'false';
}

/** What became of one document. */
export interface ItemResult {
  readonly outcome: 'written' | 'overtaken' | 'failed' | 'no_index';
  readonly reason?: string;
}

/** A document ready to be sent: two lines of NDJSON. */
export interface BulkItem {
  readonly lines: string;
  readonly bytes: number;
}

/** Documented bound of `_id` in bytes, since OpenSearch 2.9. */
const MAX_ID_BYTES = 512;
/** What OpenSearch Serverless says of collections for time series and vectors. */
const NO_CUSTOM_IDS = 'Document ID is not supported';

/** The `_id` of a document: its own id, or a hash where that is too long. */
export function indexId(id: string): string {
  return Buffer.byteLength(id) <= MAX_ID_BYTES
    ? id
    : `sha256-${createHash('sha256').update(id).digest('hex')}`;
}

/** Makes the lines of a document; a deletion is a higher version than the document of the same revision. */
export function bulkItem({ id, operation }: PlannedWrite): BulkItem {
  const isDeleted = operation.kind === 'delete';
  const revision = isDeleted ? operation.revision : operation.document.revision;
  const version = 2 * revision + (isDeleted ? 1 : 0);
  const action = { index: { _id: indexId(id), version, version_type: 'external_gte' } };
  const source = isDeleted ? tombstoneOf(id, revision) : sourceOf(operation.document);
  const lines = `${JSON.stringify(action)}\n${JSON.stringify(source)}\n`;
  return { lines, bytes: Buffer.byteLength(lines) };
}

/**
 * Sends items to an alias, in requests of bounded size; results are in their order.
 *
 * @throws LongshoreError `index_unavailable` when items stay unwritten after the last try, or the cluster refuses all
 */
export async function sendBulk(
  settings: BulkSettings,
  alias: string,
  items: readonly BulkItem[],
): Promise<ItemResult[]> {
  const results: ItemResult[] = [];
  let from = 0;
  while (from < items.length) {
    let to = from;
    let bytes = 0;
    while (
      to < items.length &&
      (to === from || bytes + (items[to]?.bytes ?? 0) <= settings.maxRequestBytes)
    ) {
      bytes += items[to]?.bytes ?? 0;
      to += 1;
    }
    results.push(...(await sendRequest(settings, alias, items.slice(from, to))));
    from = to;
  }
  return results;
}

async function sendRequest(
  settings: BulkSettings,
  alias: string,
  items: readonly BulkItem[],
): Promise<ItemResult[]> {
  const results = Array.from<ItemResult | undefined>({ length: items.length });
  let left = items.map((item, at) => ({ item, at }));
  let last: LongshoreError | undefined;
  for (let retry = 0; left.length > 0; retry += 1) {
    if (retry >= settings.tries) throw last ?? unavailable('documents stayed unwritten', { retryable: true });
    if (retry > 0) await pauseBefore(retry - 1, settings);
    const answers = await sendOnce(
      settings,
      alias,
      left.map(({ item }) => item),
    );
    if (answers instanceof LongshoreError) {
      if (answers.details['status'] === 413) return await sendHalves(settings, alias, items);
      if (!answers.retryable) throw answers;
      last = answers;
      continue;
    }
    const passing: typeof left = [];
    for (const [index, entry] of left.entries()) {
      const answer = answers[index];
      if (answer instanceof LongshoreError) {
        last = answer;
        passing.push(entry);
      } else results[entry.at] = answer;
    }
    left = passing;
  }
  return results.map((result) => result ?? { outcome: 'failed', reason: 'OpenSearch gave no answer to it' });
}

/** A request that a proxy or the cluster finds too large is halved; a document that is too large fails alone. */
async function sendHalves(
  settings: BulkSettings,
  alias: string,
  items: readonly BulkItem[],
): Promise<ItemResult[]> {
  if (items.length === 1)
    return [
      {
        outcome: 'failed',
        reason: `The document takes ${items[0]?.bytes ?? 0} bytes, more than the cluster takes in one request (http.max_content_length)`,
      },
    ];
  const middle = Math.ceil(items.length / 2);
  const first = await sendRequest(settings, alias, items.slice(0, middle));
  return [...first, ...(await sendRequest(settings, alias, items.slice(middle)))];
}

async function sendOnce(
  settings: BulkSettings,
  alias: string,
  items: readonly BulkItem[],
): Promise<(ItemResult | LongshoreError)[] | LongshoreError> {
  const bytes = items.reduce((sum, item) => sum + item.bytes, 0);
  await settings.gate.enter(bytes);
  try {
    const answer = await attempt(settings, {
      method: 'POST',
      path: `/${alias}/_bulk`,
      // An alias that is gone must not become an index of that name.
      querystring: { require_alias: 'true', refresh: settings.refresh },
      bulkBody: items.map(({ lines }) => lines).join(''),
    });
    if (answer instanceof LongshoreError) return answer;
    const answers = answer.body['items'];
    if (!Array.isArray(answers) || answers.length !== items.length)
      return unavailable(
        `it answered ${Array.isArray(answers) ? answers.length : 'no'} items to ${items.length}`,
        {
          retryable: true,
        },
      );
    return answers.map(itemResult);
  } finally {
    settings.gate.leave(bytes);
  }
}

/** What the status of an item means; an error is worth another try. */
function itemResult(answer: unknown): ItemResult | LongshoreError {
  const item = isObject(answer) && isObject(answer['index']) ? answer['index'] : {};
  const status = Number(item['status']);
  if (status >= 200 && status < 300) return { outcome: 'written' };
  // A newer revision is there already, which is what the caller wants.
  if (status === 409) return { outcome: 'overtaken' };
  const reason = errorReason(item['error']);
  if (status === 404) return { outcome: 'no_index', reason };
  if (isPassing(status) || isBlocked(reason) || Number.isNaN(status))
    return unavailable(`a document was not written (status ${status}): ${reason}`, {
      retryable: true,
      status,
    });
  if (reason.includes(NO_CUSTOM_IDS))
    throw new LongshoreError(
      'unsupported',
      `Cannot keep the search index in this collection of OpenSearch Serverless: it refuses documents with an id (${reason}), so nothing could be written only once; make a collection of the type "search"`,
    );
  return { outcome: 'failed', reason: `OpenSearch refuses it (status ${status}): ${reason}` };
}
