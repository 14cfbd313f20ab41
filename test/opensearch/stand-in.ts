/**
 * A stand-in for OpenSearch: an HTTP server that enforces the rules which the driver relies on, as they are documented;
 * each rule names its source. It is no proof that a real cluster agrees: that is what `OPENSEARCH_URL` is for.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fieldsOf, refused, Refusal, type Answer, type Fields } from './answer.ts';
import { bulk } from './bulk.ts';
import { Cluster, refresh } from './cluster.ts';
import { count, getMany, search } from './search.ts';

/** Trouble for the next requests whose path fits. */
export interface Fault {
  readonly path: RegExp;
  /** Requests that meet it. */
  times: number;
  readonly kind:
    /** No answer. */
    | 'hang'
    /** The connection breaks before the answer, after the work is done. */
    | 'reset'
    /** A proxy answers in the place of the cluster, with HTML. */
    | 'html502'
    /** The whole request is refused with 429. */
    | 'reject'
    /** The items at odd places are refused with 429. */
    | 'rejectItems'
    /** The disk is nearly full: https://docs.opensearch.org/latest/install-and-configure/configuring-opensearch/cluster-settings/ (flood stage). */
    | 'block'
    /** Half of the answer. */
    | 'cut';
}

/** A running stand-in. */
export interface StandIn {
  readonly url: string;
  readonly cluster: Cluster;
  readonly faults: Fault[];
  /** Requests so far: method and path. */
  readonly requests: string[];
  /** Most bytes of bulk requests that were being answered at a time. */
  readonly mostBytesAtOnce: () => number;
  stop(): Promise<void>;
}

/** What the stand-in is like. */
export interface StandInOptions {
  /** Refuses custom ids, as collections for time series do. */
  readonly isServerless?: boolean;
  /** `http.max_content_length`: 100 MB by default; AWS sets 10 MiB on small nodes. */
  readonly maxContentBytes?: number;
}

interface Call {
  readonly method: string;
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
  readonly contentType: string;
  readonly body: string;
}

/** Starts one on a free port of the loopback interface. */
export async function startStandIn(options: StandInOptions = {}): Promise<StandIn> {
  const cluster = new Cluster();
  const faults: Fault[] = [];
  const requests: string[] = [];
  let bytesNow = 0;
  let mostBytes = 0;
  const server = createServer((request, response) => {
    void answerRequest(request, response);
  });
  const answerRequest = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const call = await readCall(request);
    const path = `/${call.segments.join('/')}`;
    requests.push(`${call.method} ${path}`);
    const fault = faults.find((each) => each.times > 0 && each.path.test(path));
    if (fault !== undefined) fault.times -= 1;
    const bytes = path.endsWith('/_bulk') ? Buffer.byteLength(call.body) : 0;
    bytesNow += bytes;
    mostBytes = Math.max(mostBytes, bytesNow);
    // Others arrive meanwhile.
    await new Promise((resolve) => setImmediate(resolve));
    respond(response, fault?.kind, () => answerTo(cluster, call, { ...options, fault: fault?.kind }));
    bytesNow -= bytes;
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    cluster,
    faults,
    requests,
    mostBytesAtOnce: () => mostBytes,
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function readCall(request: IncomingMessage): Promise<Call> {
  const url = new URL(request.url ?? '/', 'http://stand-in');
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return {
    method: request.method ?? 'GET',
    segments: url.pathname.split('/').filter(Boolean).map(decodeURIComponent),
    query: url.searchParams,
    contentType: request.headers['content-type'] ?? '',
    body: Buffer.concat(chunks).toString(),
  };
}

function respond(response: ServerResponse, fault: Fault['kind'] | undefined, work: () => Answer): void {
  if (fault === 'hang') return;
  if (fault === 'html502') {
    response.writeHead(502, { 'content-type': 'text/html' }).end('<html><body>Bad Gateway</body></html>');
    return;
  }
  const { status, body } = work();
  if (fault === 'reset') {
    response.destroy();
    return;
  }
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json; charset=UTF-8',
    'content-length': Buffer.byteLength(text),
  });
  if (fault === 'cut') response.write(text.slice(0, text.length / 2), () => response.destroy());
  else response.end(text);
}

function answerTo(
  cluster: Cluster,
  call: Call,
  options: StandInOptions & { readonly fault: Fault['kind'] | undefined },
): Answer {
  try {
    // https://docs.opensearch.org/latest/install-and-configure/configuring-opensearch/network-settings/
    if (Buffer.byteLength(call.body) > (options.maxContentBytes ?? 100 * 1024 * 1024))
      return { status: 413, body: { message: 'Request size exceeded' } };
    if (options.fault === 'reject')
      throw new Refusal(
        429,
        'rejected_execution_exception',
        'es_rejected_execution_exception: queue is full',
      );
    if (options.fault === 'block')
      throw new Refusal(
        403,
        'cluster_block_exception',
        'blocked by: [FORBIDDEN/12/index read-only / allow delete (api)];',
      );
    return route(cluster, call, options);
  } catch (error) {
    if (error instanceof Refusal) return refused(error);
    throw error;
  }
}

function route(
  cluster: Cluster,
  call: Call,
  options: StandInOptions & { readonly fault: Fault['kind'] | undefined },
): Answer {
  const [first = '', second] = call.segments;
  const done = { status: 200, body: { acknowledged: true } };
  switch (`${call.method} ${first.startsWith('_') ? first : (second ?? '')}`) {
    case 'PUT ':
      cluster.create(first, jsonOf(call));
      return { status: 200, body: { acknowledged: true, index: first } };
    case 'DELETE ':
      cluster.remove(first);
      return done;
    case 'GET ':
      return indexes(cluster, first, call.query);
    case 'POST _aliases':
      cluster.changeAliases((jsonOf(call)['actions'] ?? []) as unknown[]);
      return done;
    case 'POST _refresh':
      for (const index of cluster.all(first)) refresh(index);
      return { status: 200, body: { _shards: { failed: 0 } } };
    case 'POST _bulk':
      return bulk(
        cluster,
        { target: first, query: call.query, contentType: call.contentType, body: call.body },
        {
          isServerless: options.isServerless ?? false,
          isRejected: (at) => options.fault === 'rejectItems' && at % 2 === 1,
        },
      );
    case 'POST _search':
      return search(cluster.one(first), jsonOf(call));
    case 'POST _count':
      return count(cluster.one(first), jsonOf(call));
    case 'POST _mget':
      return getMany(cluster.one(first), jsonOf(call), call.query.get('_source_includes'));
    default:
      throw new Refusal(
        501,
        'stand_in',
        `this stand-in does not know ${call.method} /${call.segments.join('/')}`,
      );
  }
}

/** https://docs.opensearch.org/latest/api-reference/index-apis/get-index/ */
function indexes(cluster: Cluster, names: string, query: URLSearchParams): Answer {
  const body: Record<string, unknown> = {};
  for (const name of names.split(',')) {
    const found = cluster.all(name);
    // `ignore_unavailable`: "If true, the operation ignores missing or closed indexes".
    if (found.length === 0 && query.get('ignore_unavailable') !== 'true')
      throw new Refusal(404, 'index_not_found_exception', `no such index [${name}]`);
    for (const { name: index, aliases, mapping, uuid } of found)
      body[index] = {
        aliases: Object.fromEntries([...aliases].map((alias) => [alias, {}])),
        mappings: { dynamic: 'strict', _meta: mapping.meta, properties: mapping.properties },
        settings: { index: { uuid, provided_name: index } },
      };
  }
  return { status: 200, body };
}

function jsonOf({ body, contentType }: Call): Fields {
  if (!contentType.startsWith('application/json'))
    throw new Refusal(
      406,
      'media_type_header_exception',
      `Content-Type header [${contentType}] is not supported`,
    );
  try {
    return fieldsOf(JSON.parse(body));
  } catch {
    throw new Refusal(400, 'json_parse_exception', 'the body is no JSON');
  }
}
