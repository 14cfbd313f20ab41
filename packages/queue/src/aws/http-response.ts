/**
 * Reads one HTTP/1.1 response out of the bytes of a connection: status, headers, a body by length, by chunks or to the
 * end of the connection. Strict where a mistake could pass a wrong body on; it calls nothing and waits for nothing.
 */

/** A whole response. */
export interface HttpResponse {
  readonly status: number;
  /** By lower-case name; the last of several. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  /** Whether the connection may carry another request. */
  readonly keepAlive: boolean;
}

/** Reads the response to one request. */
export interface HttpResponseReader {
  /** Whether any byte of a response has come. */
  readonly started: boolean;
  /** Takes bytes in; the response once it is complete. Throws on bytes that are no HTTP/1.1 response. */
  push(chunk: Buffer): HttpResponse | undefined;
  /** The connection has ended; the response where that completes it. Throws when it is cut short. */
  end(): HttpResponse | undefined;
}

interface Head {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly keepAlive: boolean;
  readonly bodyStart: number;
  /** Body length; absent: chunked or up to the end. */
  readonly length: number | undefined;
  readonly chunked: boolean;
}

/** AWS answers with well under 2 KiB of headers. */
const MAX_HEAD_BYTES = 65_536;
/** Ten messages of 1 MiB, every character of them escaped. */
const MAX_BODY_BYTES = 64 * 1_048_576;
const HEAD_END = Buffer.from('\r\n\r\n');

/** A reader for the next response of a connection. */
export function httpResponseReader(): HttpResponseReader {
  let chunks: Buffer[] = [];
  let bytes = 0;
  let head: Head | undefined;

  const all = (): Buffer => {
    const [first = Buffer.alloc(0)] = chunks;
    if (chunks.length <= 1) return first;
    const whole = Buffer.concat(chunks, bytes);
    chunks = [whole];
    return whole;
  };

  const readHead = (): Head | undefined => {
    for (;;) {
      const found = parseHead(all());
      if (found === undefined) {
        if (bytes > MAX_HEAD_BYTES) throw new Error(`More than ${MAX_HEAD_BYTES} bytes of HTTP headers`);
        return undefined;
      }
      if (found.status >= 200) return found;
      // 1xx: only an announcement, the response follows.
      const rest = all().subarray(found.bodyStart);
      chunks = [rest];
      bytes = rest.length;
    }
  };

  const complete = (): HttpResponse | undefined => {
    head ??= readHead();
    if (head === undefined) return undefined;
    if (bytes - head.bodyStart > MAX_BODY_BYTES)
      throw new Error(`An HTTP body of more than ${MAX_BODY_BYTES} bytes`);
    if (head.chunked) {
      const chunked = readChunked(all(), head.bodyStart);
      return chunked === undefined ? undefined : finish(head, chunked.body, chunked.end !== bytes);
    }
    if (head.length === undefined) return undefined;
    const end = head.bodyStart + head.length;
    if (bytes < end) return undefined;
    return finish(head, all().subarray(head.bodyStart, end), bytes > end);
  };

  return {
    get started() {
      return bytes > 0;
    },
    push(chunk) {
      chunks.push(chunk);
      bytes += chunk.length;
      return complete();
    },
    end() {
      if (head === undefined || head.chunked || head.length !== undefined) {
        if (bytes === 0) return undefined;
        throw new Error(`The connection ended in the middle of a response, after ${bytes} bytes`);
      }
      return finish(head, all().subarray(head.bodyStart), true);
    },
  };
}

function finish({ status, headers, keepAlive }: Head, body: Buffer, extra: boolean): HttpResponse {
  // Bytes after the body answer nothing that was asked.
  return { status, headers, body, keepAlive: keepAlive && !extra };
}

function parseHead(data: Buffer): Head | undefined {
  const headEnd = data.indexOf(HEAD_END);
  if (headEnd < 0) return undefined;
  const lines = data.toString('latin1', 0, headEnd).split('\r\n');
  const status = /^HTTP\/1\.([01]) (\d{3})(?: |$)/.exec(lines[0] ?? '');
  if (status === null) throw new Error(`No HTTP/1.1 response: "${lines[0]?.slice(0, 80) ?? ''}"`);
  const headers = new Map<string, string>();
  for (let index = 1; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    const colon = line.indexOf(':');
    if (colon <= 0) throw new Error(`No HTTP header: "${line.slice(0, 80)}"`);
    headers.set(line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim());
  }
  const connection = headers.get('connection')?.toLowerCase();
  const chunked = headers.get('transfer-encoding')?.toLowerCase().endsWith('chunked') === true;
  const code = Number(status[2]);
  return {
    status: code,
    headers,
    keepAlive: status[1] === '1' ? connection !== 'close' : connection === 'keep-alive',
    bodyStart: headEnd + HEAD_END.length,
    length: code === 204 || code === 304 ? 0 : bodyLength(headers.get('content-length'), chunked),
    chunked,
  };
}

function bodyLength(value: string | undefined, chunked: boolean): number | undefined {
  if (chunked || value === undefined) return undefined;
  if (!/^\d{1,15}$/.test(value)) throw new Error(`Content-Length "${value}" is no length`);
  return Number(value);
}

/** The chunked body that starts at `from`, and where it ends; `undefined` while it is not complete. */
function readChunked(data: Buffer, from: number): { body: Buffer; end: number } | undefined {
  const parts: Buffer[] = [];
  let at = from;
  for (;;) {
    const lineEnd = data.indexOf('\r\n', at, 'latin1');
    if (lineEnd < 0) return undefined;
    const size = /^([0-9a-fA-F]{1,8})(?:[ \t]*;|[ \t]*$)/.exec(data.toString('latin1', at, lineEnd))?.[1];
    if (size === undefined) throw new Error('A chunk of the HTTP body has no size');
    const length = Number.parseInt(size, 16);
    const start = lineEnd + 2;
    if (length === 0) {
      // The trailer, usually empty, ends with an empty line.
      const end =
        data.toString('latin1', start, start + 2) === '\r\n' ? start : data.indexOf(HEAD_END, start) + 2;
      return end < start ? undefined : { body: Buffer.concat(parts), end: end + 2 };
    }
    if (data.length < start + length + 2) return undefined;
    if (data.toString('latin1', start + length, start + length + 2) !== '\r\n')
      throw new Error('A chunk of the HTTP body is longer than its size says');
    parts.push(data.subarray(start, start + length));
    at = start + length + 2;
  }
}
