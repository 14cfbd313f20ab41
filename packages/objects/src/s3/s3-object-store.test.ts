import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { startFauxqs, type FauxqsServer } from 'fauxqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeObjectStore } from '../conformance/index.ts';
import { readText } from '../read-object.ts';
import { verifyConditionalCreate } from '../verify-conditional-create.ts';
import { s3ObjectStore, type S3ObjectStoreOptions } from './s3-object-store.ts';

let server: FauxqsServer;
let client: S3Client;

function openClient(port: number): S3Client {
  return new S3Client({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    forcePathStyle: true,
  });
}

beforeAll(async () => {
  server = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false });
  client = openClient(server.port);
  await client.send(new CreateBucketCommand({ Bucket: 'objects' }));
});

afterAll(async () => {
  client.destroy();
  await server.stop();
});

function openStore(options: Partial<S3ObjectStoreOptions> = {}): ReturnType<typeof s3ObjectStore> {
  return s3ObjectStore({ client, bucket: 'objects', ...options });
}

describeObjectStore({
  name: 'S3 (fauxqs)',
  open: async () => ({ store: openStore({ prefix: 'fleet/a' }) }),
  skips: {
    'conditional-create': 'fauxqs 2.4.1 ignores If-None-Match on writes',
    'bounded-memory': 'the emulator keeps its objects in the memory of this process',
  },
});

describe('verifyConditionalCreate', () => {
  it('refuses fauxqs, which ignores the condition, and leaves nothing behind', async () => {
    const store = openStore();
    const verifying = verifyConditionalCreate(store, { prefix: 'probe' });
    await expect(verifying).rejects.toMatchObject({ code: 'conditional_writes_ignored', retryable: false });
    const left: string[] = [];
    for await (const { key } of store.list('probe')) left.push(key);
    expect(left).toEqual([]);
  });
});

describe('s3ObjectStore', () => {
  it('keeps every key under its prefix and sees no others', async () => {
    const inner = openStore({ prefix: 'one/' });
    const outer = openStore();
    await inner.put('a', 'inner');
    await outer.put('one-more/a', 'other');
    expect(await readText(outer, 'one/a')).toBe('inner');
    const keys: string[] = [];
    for await (const { key } of inner.list('')) keys.push(key);
    expect(keys).toEqual(['a']);
    await expect(inner.put('x'.repeat(1_021), 'x')).rejects.toMatchObject({ code: 'invalid_key' });
  });

  it('says what is wrong with its options, all at once', () => {
    expect(() => openStore({ bucket: '', partBytes: 1, uploadConcurrency: 0 })).toThrow(
      /bucket is empty.*partBytes is 1,.*uploadConcurrency is 0,/,
    );
    expect(() => openStore({ prefix: '../x' })).toThrow('Cannot use "../x" as key');
  });

  it('refuses pages that are out of order, which could miss objects', async () => {
    // fauxqs sorts by locale: "a" before "B".
    const store = openStore({ prefix: 'unordered' });
    const keys = Array.from({ length: 600 }, (_, index) => [`B/${index}`, `a/${index}`]).flat();
    await Promise.all(keys.map((key) => store.put(key, '')));
    await expect(Array.fromAsync(store.list(''))).rejects.toMatchObject({ code: 'unsupported' });
    expect(await Array.fromAsync(store.list('a/'))).toHaveLength(600);
  });

  it('says that the bucket does not exist, on every call', async () => {
    const store = openStore({ bucket: 'nowhere' });
    const missing = {
      code: 'object_store_unavailable',
      retryable: true,
      message: expect.stringContaining('create the bucket') as string,
    };
    await expect(store.get('a')).rejects.toMatchObject(missing);
    await expect(store.head('a')).rejects.toMatchObject(missing);
    await expect(store.put('a', 'x')).rejects.toMatchObject(missing);
    await expect(store.create('a', 'x')).rejects.toMatchObject(missing);
    await expect(store.list('')[Symbol.asyncIterator]().next()).rejects.toMatchObject(missing);
  });

  it('answers presigned reads with the name that was given', async () => {
    const store = openStore({ prefix: 'named' });
    const contentDisposition = 'attachment; filename="letter.json"';
    await store.put('a', '{}', { contentType: 'application/json', contentDisposition });
    const answer = await fetch(await store.presign('a', { expiresInMs: 60_000 }));
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(answer.headers.get('content-disposition')).toBe(contentDisposition);
    expect(await answer.text()).toBe('{}');
  });

  it('does not promise URLs that outlive the credentials that sign them', async () => {
    const expiration = new Date(Date.now() + 600_000);
    const brief = new S3Client({
      endpoint: `http://127.0.0.1:${server.port}`,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test', sessionToken: 'task', expiration },
      forcePathStyle: true,
    });
    const store = openStore({ client: brief });
    await expect(store.presign('a', { expiresInMs: 604_800_000 })).rejects.toMatchObject({
      code: 'invalid_options',
      message: expect.stringContaining('the credentials expire in') as string,
    });
    expect((await store.presign('a', { expiresInMs: 120_000 })).searchParams.get('X-Amz-Expires')).toBe(
      '120',
    );
    brief.destroy();
  });

  it('calls a server that does not answer unavailable, and the call retryable', async () => {
    const unreachable = openClient(1);
    const store = openStore({ client: unreachable });
    const unavailable = { code: 'object_store_unavailable', retryable: true };
    await expect(store.get('a')).rejects.toMatchObject(unavailable);
    await expect(store.put('a', 'x')).rejects.toMatchObject(unavailable);
    unreachable.destroy();
  });
});
