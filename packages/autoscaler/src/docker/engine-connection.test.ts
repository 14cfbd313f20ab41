import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { engineConnection, messageOf, type EngineConnection } from './engine-connection.ts';

let folder = '';
let socketPath = '';
let server: Server | undefined;
let connection: EngineConnection | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'longshore-engine-'));
  socketPath = join(folder, 'docker.sock');
});
afterEach(async () => {
  connection?.close();
  server?.closeAllConnections();
  await new Promise((resolve) => {
    if (server === undefined) resolve(undefined);
    else server.close(resolve);
  });
  server = undefined;
  rmSync(folder, { recursive: true });
});

/** A server that pings in this version of the API, and answers the rest by `answer`. */
async function listen(
  version: string,
  answer: RequestListener,
  on: object = { path: socketPath },
): Promise<void> {
  server = createServer((request, response) => {
    response.setHeader('api-version', version);
    if (request.url === '/_ping') response.end('OK');
    else answer(request, response);
  });
  await new Promise<void>((resolve) => {
    server?.listen(on, resolve);
  });
}

function open(timeoutMs = 10_000, host?: string): EngineConnection {
  connection = engineConnection({ socketPath, host, timeoutMs });
  return connection;
}

const LIST = { method: 'GET', path: '/containers/json' } as const;
const echo: RequestListener = (request, response) => response.end(JSON.stringify({ path: request.url }));

describe('a connection', () => {
  it.each([
    ['1.41', '/v1.41/containers/json'],
    ['1.40', '/v1.40/containers/json'],
    ['1.99', '/v1.47/containers/json'],
  ])('to an engine that speaks %s asks for %s', async (version, path) => {
    await listen(version, echo);
    expect(await open().send(LIST)).toMatchObject({ status: 200, body: { path } });
  });

  it.each(['1.39', '', 'new'])('refuses an engine that speaks "%s"', async (version) => {
    await listen(version, echo);
    await expect(open().send(LIST)).rejects.toMatchObject({
      code: 'target_unavailable',
      retryable: false,
      message: expect.stringContaining('at least 1.40 is needed') as unknown,
    });
  });

  it('agrees on the version again when the engine refuses it', async () => {
    let version = '1.47';
    await listen(version, (request, response) => {
      if (request.url?.startsWith('/v1.47/') !== true || version === '1.47') {
        echo(request, response);
        return;
      }
      response.statusCode = 400;
      response.end('{"message":"client version 1.47 is too new. Maximum supported API version is 1.41"}');
    });
    const engine = open();
    await engine.send(LIST);
    server?.removeAllListeners('request');
    server?.on('request', (request, response) => {
      response.setHeader('api-version', '1.41');
      if (request.url === '/_ping') response.end('OK');
      else if (request.url?.startsWith('/v1.41/') === true) echo(request, response);
      else {
        response.statusCode = 400;
        response.end('{"message":"client version 1.47 is too new. Maximum supported API version is 1.41"}');
      }
    });
    version = '1.41';
    expect(await engine.send(LIST)).toMatchObject({ status: 400 });
    expect(await engine.send(LIST)).toMatchObject({ status: 200, body: { path: '/v1.41/containers/json' } });
  });

  it('sends what it is given, and hands refusals on', async () => {
    await listen('1.41', (request, response) => {
      let text = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      request.once('end', () => {
        response.statusCode = 409;
        const said = `${request.method} ${request.url} ${request.headers['content-type']} ${text}`;
        response.end(JSON.stringify({ message: said }));
      });
    });
    const call = { method: 'POST', path: '/x', query: { name: 'a b' }, body: { Image: 'i' } } as const;
    const { status, body } = await open().send(call);
    expect(status).toBe(409);
    expect(messageOf(body)).toBe('POST /v1.41/x?name=a+b application/json {"Image":"i"}');
  });

  it('goes over TCP where a host is given', async () => {
    await listen('1.41', echo, { host: '127.0.0.1', port: 0 });
    const port = (server?.address() as AddressInfo | undefined)?.port;
    expect(await open(10_000, `tcp://127.0.0.1:${port}`).send(LIST)).toMatchObject({ status: 200 });
  });

  it('says how to start an engine where none answers, and finds it once it does', async () => {
    const engine = open();
    await expect(engine.send(LIST)).rejects.toMatchObject({
      code: 'target_unavailable',
      retryable: true,
      message: expect.stringMatching(/No Docker engine answers at .*docker\.sock: start one/) as unknown,
    });
    await listen('1.41', echo);
    expect(await engine.send(LIST)).toMatchObject({ status: 200 });
  });

  it('says what to do about a socket that it may not use', async () => {
    await listen('1.41', echo);
    chmodSync(socketPath, 0);
    const engine = open();
    // Root may use every socket.
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) chmodSync(folder, 0o755);
    if (isRoot) process.seteuid?.(65_534);
    try {
      await expect(engine.send(LIST)).rejects.toMatchObject({
        code: 'target_unavailable',
        retryable: false,
        message: expect.stringMatching(/permission denied; add this user to the group/) as unknown,
      });
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });

  it('waits no longer than it is told for an engine that hangs', async () => {
    await listen('1.41', () => {});
    await expect(open(100).send(LIST)).rejects.toMatchObject({
      code: 'target_unavailable',
      retryable: true,
      message: expect.stringContaining('no answer within 100 ms') as unknown,
    });
  });

  it('says so when an engine dies in the middle of an answer', async () => {
    await listen('1.41', (_request, response) => {
      response.write('{"half":');
      setImmediate(() => response.destroy());
    });
    await expect(open().send(LIST)).rejects.toMatchObject({ code: 'target_unavailable', retryable: true });
  });
});
