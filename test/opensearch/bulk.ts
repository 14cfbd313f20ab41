/** The bulk API: https://docs.opensearch.org/latest/api-reference/document-apis/bulk/ */
import { fieldsOf, Refusal, type Answer, type Fields } from './answer.ts';
import { refresh, writeDocument, type Cluster, type StoredIndex } from './cluster.ts';

/** A bulk request. */
export interface BulkRequest {
  readonly target: string;
  readonly query: URLSearchParams;
  readonly contentType: string;
  readonly body: string;
}

/** How the cluster behaves at this moment. */
export interface BulkConditions {
  readonly isServerless: boolean;
  /** Whether the queue of writes is full for the item at this place. */
  isRejected(at: number): boolean;
}

/** Does all items, each with a status of its own. */
export function bulk(cluster: Cluster, request: BulkRequest, conditions: BulkConditions): Answer {
  // "the Content-Type header should be application/json or application/x-ndjson"
  if (!/^application\/(?:x-ndjson|json)\b/.test(request.contentType))
    throw new Refusal(
      406,
      'media_type_header_exception',
      `Content-Type header [${request.contentType}] is not supported`,
    );
  const touched = new Set<StoredIndex>();
  const items = actionsOf(request.body).map(([action, source], at) => {
    try {
      if (conditions.isRejected(at))
        throw new Refusal(
          429,
          'rejected_execution_exception',
          'es_rejected_execution_exception: rejected execution of coordinating operation, queue capacity = 10000',
        );
      return doItem({ cluster, request, isServerless: conditions.isServerless }, action, source, touched);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { type, message: reason, status } = error;
      // Which name a failed item carries, alias or index, is not documented: the driver must not ask.
      return { index: { _index: request.target, _id: action['_id'], status, error: { type, reason } } };
    }
  });
  // `wait_for` answers after the next refresh, `true` makes one; without either a search sees nothing yet.
  const wish = request.query.get('refresh') ?? 'false';
  if (!['true', 'false', 'wait_for', ''].includes(wish))
    throw new Refusal(400, 'illegal_argument_exception', `Unknown value for refresh: [${wish}].`);
  if (wish !== 'false') for (const index of touched) refresh(index);
  return { status: 200, body: { took: 1, errors: items.some((item) => 'error' in item.index), items } };
}

function actionsOf(body: string): [Fields, Fields][] {
  // "Each line must end with a newline character, including the last line."
  if (!body.endsWith('\n'))
    throw new Refusal(
      400,
      'illegal_argument_exception',
      'The bulk request must be terminated by a newline [\\n]',
    );
  const lines = body.slice(0, -1).split('\n');
  const actions: [Fields, Fields][] = [];
  for (let at = 0; at < lines.length; at += 2) {
    const action = parsed(lines[at], at);
    const [[kind, value] = ['', {}]] = Object.entries(action);
    if (kind !== 'index')
      throw new Refusal(501, 'stand_in', `this stand-in knows the bulk action "index" only, not [${kind}]`);
    if (lines[at + 1] === undefined)
      throw new Refusal(
        400,
        'illegal_argument_exception',
        'The bulk request must be terminated by a newline [\\n]',
      );
    actions.push([fieldsOf(value), parsed(lines[at + 1], at + 1)]);
  }
  return actions;
}

function parsed(line: string | undefined, at: number): Fields {
  try {
    const value: unknown = JSON.parse(line ?? '');
    if (typeof value === 'object' && value !== null) return value as Fields;
  } catch {
    // Told below.
  }
  throw new Refusal(
    400,
    'illegal_argument_exception',
    `Malformed action/metadata line [${at + 1}], expected START_OBJECT`,
  );
}

interface BulkPlace {
  readonly cluster: Cluster;
  readonly request: BulkRequest;
  readonly isServerless: boolean;
}

function doItem(
  { cluster, request, isServerless }: BulkPlace,
  action: Fields,
  source: Fields,
  touched: Set<StoredIndex>,
): { readonly index: Fields } {
  // https://docs.aws.amazon.com/opensearch-service/latest/developerguide/serverless-overview.html: collections for time
  // series and vectors take no custom ids.
  if (isServerless)
    throw new Refusal(
      400,
      'illegal_argument_exception',
      'Document ID is not supported in create/index operation request',
    );
  if (action['version_type'] !== 'external_gte' || typeof action['_id'] !== 'string')
    throw new Refusal(
      501,
      'stand_in',
      'this stand-in knows items with an id and version_type external_gte only',
    );
  // `require_alias`: "require that all actions target an index alias rather than an index".
  const isAlias = cluster.all(request.target).some((index) => index.name !== request.target);
  if (request.query.get('require_alias') === 'true' && !isAlias)
    throw new Refusal(
      404,
      'index_not_found_exception',
      `no such index [${request.target}] and [require_alias] request flag is [true] and [${request.target}] is not an alias`,
    );
  const index = cluster.one(request.target);
  const write = { id: action['_id'], version: Number(action['version']), source };
  const result = writeDocument(index, write);
  touched.add(index);
  const status = result === 'created' ? 201 : 200;
  return { index: { _index: index.name, _id: write.id, _version: write.version, result, status } };
}
