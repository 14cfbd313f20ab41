import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { httpResponseReader, type HttpResponse } from './http-response.ts';

const text = (response: HttpResponse | undefined): unknown =>
  response === undefined
    ? undefined
    : { status: response.status, body: response.body.toString(), keepAlive: response.keepAlive };

const LENGTH = 'HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 5\r\n\r\nhello';
const CHUNKED =
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;note=1\r\nlo\r\n0\r\nTrailer: x\r\n\r\n';
const CONTINUED = `HTTP/1.1 100 Continue\r\n\r\n${LENGTH}`;
const CLOSED = 'HTTP/1.1 500 Oh\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';

describe('httpResponseReader', () => {
  it.each([
    ['a body by length', LENGTH, 200, 'hello', true],
    ['a chunked body with extensions and a trailer', CHUNKED, 200, 'hello', true],
    ['a response after an announcement', CONTINUED, 200, 'hello', true],
    ['an empty body on a connection that closes', CLOSED, 500, '', false],
    ['a status without a body', 'HTTP/1.1 204 \r\n\r\n', 204, '', true],
    ['HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok', 200, 'ok', false],
  ])('reads %s, however it is cut into pieces', (_what, wire, status, body, keepAlive) => {
    const bytes = Buffer.from(wire);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: bytes.length }), { maxLength: 6 }), (cuts) => {
        const reader = httpResponseReader();
        const edges = [0, ...[...new Set(cuts)].sort((a, b) => a - b), bytes.length];
        let response: HttpResponse | undefined;
        for (const [index, edge] of edges.entries()) {
          const piece = bytes.subarray(edges[index - 1] ?? 0, edge);
          if (piece.length > 0) response ??= reader.push(piece);
        }
        expect(text(response)).toEqual({ status, body, keepAlive });
      }),
    );
  });

  it('reads headers by lower-case name', () => {
    expect(httpResponseReader().push(Buffer.from(LENGTH))?.headers.get('date')).toBe('now');
  });

  it('does not use a connection again that sent more than the response', () => {
    expect(httpResponseReader().push(Buffer.from(`${LENGTH}more`))).toMatchObject({ keepAlive: false });
  });

  it('takes the end of the connection as the end of a body without a length', () => {
    const reader = httpResponseReader();
    expect(reader.push(Buffer.from('HTTP/1.1 200 OK\r\n\r\nhel'))).toBeUndefined();
    reader.push(Buffer.from('lo'));
    expect(text(reader.end())).toEqual({ status: 200, body: 'hello', keepAlive: false });
  });

  it.each([
    ['a cut body', LENGTH.slice(0, -1)],
    ['a cut head', LENGTH.slice(0, 20)],
    ['a cut chunk', CHUNKED.slice(0, -20)],
  ])('refuses %s at the end of the connection', (_what, wire) => {
    const reader = httpResponseReader();
    expect(reader.push(Buffer.from(wire))).toBeUndefined();
    expect(() => reader.end()).toThrow(/in the middle of a response/);
  });

  it.each([
    ['another protocol', 'SSH-2.0-x\r\n\r\n', /No HTTP\/1.1 response/],
    ['a header without a colon', 'HTTP/1.1 200 OK\r\nbroken\r\n\r\n', /No HTTP header/],
    ['a length that is none', 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n', /is no length/],
    ['a chunk without a size', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n', /no size/],
    [
      'a chunk longer than its size',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n',
      /longer than its size/,
    ],
    ['endless headers', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(70_000)}`, /bytes of HTTP headers/],
  ])('refuses %s', (_what, wire, fault) => {
    expect(() => httpResponseReader().push(Buffer.from(wire))).toThrow(fault);
  });
});
