import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ObjectStore } from '@longshore/objects';
import { fsObjectStore } from '@longshore/objects/fs';
import { memoryObjectStore } from '@longshore/objects/memory';
import { jsonLog } from '@longshore/worker';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { manualClock, type ManualClock } from '../fixtures/manual-clock.ts';
import { sqliteDeliveryStore } from '../sqlite/index.ts';
import type { DeliveredDocument, DeliveryStore, Link } from '../store/delivery-store.ts';
import { contentDisposition } from './content-disposition.ts';
import { serveLinks, type LinkServer } from './link-server.ts';
import { linkMint } from './link-token.ts';

const mint = linkMint({ key: 'k'.repeat(32), publicUrl: new URL('https://files.example.com/base/') });
const content = '{"pages":[]}';
const key = 'delivered/t/d/s';

let folder: string;
let objects: ObjectStore;
let store: DeliveryStore;
let clock: ManualClock;
let server: LinkServer;
let logged: Record<string, unknown>[];

function log() {
  return jsonLog({ write: (line) => logged.push(JSON.parse(line) as Record<string, unknown>) });
}

beforeEach(async () => {
  logged = [];
  folder = await mkdtemp(join(tmpdir(), 'longshore-links-'));
  objects = fsObjectStore({ root: folder });
  store = await sqliteDeliveryStore({ path: ':memory:' });
  clock = manualClock();
  server = await serveLinks({ links: store.links, objects, log: log(), clock });
  await objects.put(key, content, { contentType: 'application/json' });
});
afterEach(async () => {
  const closed = server.close();
  await clock.advance(5_000);
  await closed;
  await store.close();
  await rm(folder, { recursive: true });
});

async function newLink(more: Partial<Link> = {}): Promise<{ readonly link: Link; readonly path: string }> {
  const document: DeliveredDocument = {
    tenant: 't',
    documentId: 'd',
    revision: 1,
    outcome: 'extracted',
    source: 'a.pdf',
    file: {
      name: 'résumé "x".json',
      key,
      sha256: 's',
      bytes: content.length,
      contentType: 'application/json',
    },
    availableAtMs: clock.nowMs(),
    expiresAtMs: clock.nowMs() + 60_000,
  };
  const minted = mint.mint(document, clock.nowMs());
  if (minted === undefined) throw new Error('The document has no file');
  const link = { ...minted, ...more };
  await store.links.create(link);
  return { link, path: new URL(mint.url(link.id)).pathname.replace('/base', '') };
}

const visit = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`http://127.0.0.1:${server.port}${path}`, { redirect: 'manual', ...init });

describe('a link', () => {
  it('is a URL that cannot be guessed and is kept nowhere', async () => {
    const { link } = await newLink();
    const token = mint.url(link.id).split('/').at(-1) ?? '';
    expect(mint.url(link.id)).toMatch(/^https:\/\/files\.example\.com\/base\/d\/[\w-]{43}$/);
    expect(JSON.stringify(await store.links.find(link.tokenHash))).not.toContain(token);
    expect((await newLink()).link.id).not.toBe(link.id);
    const other = linkMint({ key: 'o'.repeat(32), publicUrl: new URL('https://files.example.com') });
    expect(other.url(link.id).endsWith(token)).toBe(false);
    expect(() => linkMint({ key: 'short', publicUrl: new URL('https://a.example') })).toThrow('5 characters');
  });

  it('leads to the bytes where the store has no URLs, as a download that runs nothing', async () => {
    const { link, path } = await newLink();
    const answer = await visit(path);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toBe(content);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'application/json',
      'content-length': String(content.length),
      'content-disposition': contentDisposition('résumé "x".json'),
      'cache-control': 'private, no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringContaining('sandbox') as string,
    });
    expect(await store.links.find(link.tokenHash)).toMatchObject({ uses: 1, lastUsedAtMs: clock.nowMs() });
    expect(logged).toContainEqual(
      expect.objectContaining({ msg: 'Link visited', link: link.id, outcome: 'open', from: '127.0.0.1' }),
    );
    expect(JSON.stringify(logged)).not.toContain(path.split('/').at(-1));
  });

  it('answers HEAD without the bytes', async () => {
    const { path } = await newLink();
    const answer = await visit(path, { method: 'HEAD' });
    expect(answer.headers.get('content-length')).toBe(String(content.length));
    expect(await answer.text()).toBe('');
  });

  it('leads to a URL that lives for minutes where the store has such URLs', async () => {
    const asked: unknown[] = [];
    const presigning: ObjectStore = {
      ...memoryObjectStore(),
      capabilities: { conditionalCreate: 'enforced', presignedReads: true },
      presign: async (of, { expiresInMs }) => {
        asked.push([of, expiresInMs]);
        return new URL('https://bucket.example.com/signed');
      },
    };
    await using signing = await serveLinks({ links: store.links, objects: presigning, log: log(), clock });
    const { path } = await newLink();
    const answer = await fetch(`http://127.0.0.1:${signing.port}${path}`, { redirect: 'manual' });
    expect(answer.status).toBe(302);
    expect(answer.headers.get('location')).toBe('https://bucket.example.com/signed');
    expect(answer.headers.get('cache-control')).toBe('private, no-store');
    expect(asked).toEqual([[key, 120_000]]);
    const closing = signing.close();
    await clock.advance(5_000);
    await closing;
  });

  it('ends when it is revoked, when it expires, and when its file is gone', async () => {
    const { link, path } = await newLink();
    await store.links.revoke({ id: link.id }, clock.nowMs());
    expect((await visit(path)).status).toBe(410);
    const second = await newLink();
    await clock.advance(60_000);
    expect((await visit(second.path)).status).toBe(410);
    expect(logged.map(({ outcome }) => outcome)).toEqual(['revoked', 'expired']);
    const third = await newLink();
    await objects.delete(key);
    expect((await visit(third.path)).status).toBe(410);
  });

  it('is all that there is', async () => {
    const { path } = await newLink();
    for (const other of ['/', '/d/', '/d/x', `/d/${'a'.repeat(43)}`, `${path}/..`, `/d/${'%2e'.repeat(10)}`])
      expect((await visit(other)).status, other).toBe(404);
    expect((await visit(path, { method: 'POST' })).status).toBe(405);
    expect((await visit(path, { method: 'DELETE' })).status).toBe(405);
    expect((await visit('/livez')).status).toBe(200);
    expect((await visit(`${path}?utm_source=mail`)).status).toBe(200);
  });

  it('answers 503 while the store is away, and says no more', async () => {
    const { path } = await newLink();
    const failing = { ...store.links, find: () => Promise.reject(new Error('password=secret')) };
    await using broken = await serveLinks({ links: failing, objects, log: log(), clock });
    const answer = await fetch(`http://127.0.0.1:${broken.port}${path}`);
    expect(answer.status).toBe(503);
    expect(await answer.text()).not.toContain('secret');
    const closing = broken.close();
    await clock.advance(5_000);
    await closing;
  });

  it('survives readers that leave in the middle and requests that are none', async () => {
    await objects.put(key, Buffer.alloc(8_000_000));
    const { path } = await newLink();
    for (let index = 0; index < 5; index += 1) {
      const reader = (await visit(path)).body?.getReader();
      await reader?.read();
      await reader?.cancel();
    }
    const socket = connect(server.port, '127.0.0.1');
    socket.end('HELLO\r\n\r\n');
    expect(await text(socket)).toContain('400');
    await once(socket, 'close').catch(() => undefined);
    expect((await visit('/livez')).status).toBe(200);
    expect(logged.filter(({ level }) => level === 'error')).toEqual([]);
  });
});

describe('a download’s name', () => {
  it.each([
    ['a.json', `attachment; filename="a.json"; filename*=UTF-8''a.json`],
    ['é (1).json', `attachment; filename="_ (1).json"; filename*=UTF-8''%C3%A9%20%281%29.json`],
    ['../../etc/passwd', `attachment; filename="passwd"; filename*=UTF-8''passwd`],
    ['a"\r\nx: y', `attachment; filename="a_x: y"; filename*=UTF-8''a%22x%3A%20y`],
    ['\ud800', `attachment; filename="_"; filename*=UTF-8''%EF%BF%BD`],
    ['', `attachment; filename="document"; filename*=UTF-8''document`],
  ])('of %j is safe', (name, expected) => {
    expect(contentDisposition(name)).toBe(expected);
  });
});
