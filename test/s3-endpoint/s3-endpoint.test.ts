/** The S3 driver against an endpoint that enforces conditions, and through its failures. */
import { CreateBucketCommand, S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { readBytes, readText, type ObjectStore } from '@longshore/objects';
import { describeObjectStore } from '@longshore/objects/conformance';
import { s3ObjectStore } from '@longshore/objects/s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startConditionalEndpoint, type ConditionalEndpoint } from './conditional-endpoint.ts';

const PART_BYTES = 5_242_880;
const LARGE = 'large '.repeat(2_000_000);

let endpoint: ConditionalEndpoint;
let client: S3Client;

function openClient(options: S3ClientConfig = {}): S3Client {
  return new S3Client({
    endpoint: endpoint.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    forcePathStyle: true,
    ...options,
  });
}

function openStore(through: S3Client = client): ObjectStore {
  return s3ObjectStore({ client: through, bucket: 'objects', partBytes: PART_BYTES, uploadConcurrency: 2 });
}

beforeAll(async () => {
  endpoint = await startConditionalEndpoint();
  client = openClient();
  await client.send(new CreateBucketCommand({ Bucket: 'objects' }));
});

afterAll(async () => {
  client.destroy();
  await endpoint.close();
});

describeObjectStore({ name: 'S3 (conditions enforced)', open: async () => ({ store: openStore() }) });

describe('the S3 object store', () => {
  let store: ObjectStore;
  let key: string;
  let test = 0;

  beforeEach(() => {
    store = openStore();
    test += 1;
    key = `faults/${test}`;
  });

  // Whatever a test does, it leaves no upload behind, and the fault that it planned has happened.
  afterEach(async () => {
    // oxlint-disable-next-line vitest/no-standalone-expect
    expect(endpoint.openUploads()).toEqual([]);
    // oxlint-disable-next-line vitest/no-standalone-expect
    expect(endpoint.planned()).toBe(0);
    await store.close();
  });

  it('knows its own create when the answer to it was lost', async () => {
    endpoint.plan({ on: 'put', kind: 'lose-reply' });
    expect(await store.create(key, 'mine')).toEqual({ created: true });
    expect(await store.create(key, 'other')).toEqual({ created: false });
    expect(await readText(store, key)).toBe('mine');
  });

  it('does not take the object of another for its own when its request is repeated', async () => {
    await store.put(key, 'other');
    endpoint.plan({ on: 'put', kind: 'refuse', status: 503, code: 'SlowDown' });
    expect(await store.create(key, 'mine')).toEqual({ created: false });
    expect(await readText(store, key)).toBe('other');
  });

  it('knows its own large create, and its own large put, when the answer to the completion was lost', async () => {
    endpoint.plan({ on: 'complete', kind: 'lose-reply' });
    expect(await store.create(key, LARGE)).toEqual({ created: true });
    endpoint.plan({ on: 'complete', kind: 'lose-reply' });
    expect((await store.put(key, `${LARGE}!`)).bytes).toBe(LARGE.length + 1);
    expect((await readBytes(store, key))?.byteLength).toBe(LARGE.length + 1);
  });

  it('tries a create again while S3 answers that another is under way', async () => {
    const conflict = { kind: 'refuse', status: 409, code: 'ConditionalRequestConflict' } as const;
    endpoint.plan({ on: 'put', ...conflict }, { on: 'put', ...conflict });
    expect(await store.create(key, 'mine')).toEqual({ created: true });
    endpoint.plan({ on: 'complete', ...conflict });
    expect(await store.create(`${key}-large`, LARGE)).toEqual({ created: true });
  });

  it('asks for a stream again after a conflict at its completion, and leaves no upload', async () => {
    endpoint.plan({ on: 'complete', kind: 'refuse', status: 409, code: 'ConditionalRequestConflict' });
    const creating = store.create(key, streamOf(LARGE));
    await expect(creating).rejects.toMatchObject({ code: 'object_store_unavailable', retryable: true });
    expect(await store.create(key, streamOf(LARGE))).toEqual({ created: true });
  });

  it('removes the upload of a large create that lost', async () => {
    await store.put(key, 'other');
    expect(await store.create(key, streamOf(LARGE))).toEqual({ created: false });
    expect(await readText(store, key)).toBe('other');
  });

  it('removes the upload when a part is refused for good, while the source stalls', async () => {
    endpoint.plan({ on: 'part', kind: 'refuse', status: 403, code: 'AccessDenied' });
    async function* stalling(): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(PART_BYTES + 1);
      await new Promise(() => undefined);
    }
    const denied = {
      code: 'object_store_unavailable',
      message: expect.stringContaining('allow s3:GetObject') as string,
    };
    await expect(store.put(key, stalling())).rejects.toMatchObject(denied);
    expect(await store.head(key)).toBeUndefined();
  });

  it('removes the upload when it is aborted while requests hang', async () => {
    const reason = new Error('Enough');
    for (const on of ['part', 'complete'] as const) {
      const controller = new AbortController();
      endpoint.plan({ on, kind: 'hang' });
      const before = endpoint.count(on);
      const writing = store.put(key, LARGE, { signal: controller.signal });
      await expect.poll(() => endpoint.count(on)).toBeGreaterThan(before);
      controller.abort(reason);
      await expect(writing).rejects.toBe(reason);
      expect(endpoint.openUploads()).toEqual([]);
    }
    expect(await store.head(key)).toBeUndefined();
  });

  it('repeats lost and refused requests without a trace', async () => {
    endpoint.plan(
      { on: 'put', kind: 'lose-reply' },
      { on: 'get', kind: 'refuse', status: 500, code: 'InternalError' },
      { on: 'list', kind: 'lose-reply' },
      { on: 'part', kind: 'lose-reply' },
      { on: 'start-upload', kind: 'refuse', status: 503, code: 'SlowDown' },
      { on: 'delete', kind: 'lose-reply' },
    );
    await store.put(key, 'x');
    expect(await readText(store, key)).toBe('x');
    const keys: string[] = [];
    for await (const info of store.list(key)) keys.push(info.key);
    expect(keys).toEqual([key]);
    await store.put(key, LARGE);
    expect(await readText(store, key)).toBe(LARGE);
    await store.delete(key);
    expect(await store.head(key)).toBeUndefined();
  });

  it('does not pass off half a body as the whole', async () => {
    await store.put(key, LARGE);
    endpoint.plan({ on: 'get', kind: 'cut-reply' });
    await expect(readBytes(store, key)).rejects.toMatchObject({
      code: 'object_store_unavailable',
      retryable: true,
    });
  });

  it('gives up as its client is told to, and says that a retry can help', async () => {
    const impatient = openClient({
      maxAttempts: 2,
      requestHandler: { requestTimeout: 100, throwOnRequestTimeout: true },
    });
    const unavailable = { code: 'object_store_unavailable', retryable: true };
    endpoint.plan({ on: 'put', kind: 'hang' }, { on: 'put', kind: 'hang' });
    await expect(openStore(impatient).put(key, 'x')).rejects.toMatchObject(unavailable);
    const throttle = { on: 'get', kind: 'refuse', status: 503, code: 'SlowDown' } as const;
    endpoint.plan(throttle, throttle);
    await expect(openStore(impatient).get(key)).rejects.toMatchObject(unavailable);
    impatient.destroy();
  });

  it('calls a request that cannot succeed permanent', async () => {
    endpoint.plan({ on: 'put', kind: 'refuse', status: 400, code: 'InvalidArgument' });
    await expect(store.put(key, 'x')).rejects.toMatchObject({
      code: 'object_store_unavailable',
      retryable: false,
    });
    endpoint.plan({ on: 'put', kind: 'refuse', status: 400, code: 'ExpiredToken' });
    await expect(store.put(key, 'x')).rejects.toMatchObject({
      code: 'object_store_unavailable',
      retryable: true,
    });
  });
});

async function* streamOf(text: string): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let start = 0; start < bytes.byteLength; start += 65_536) yield bytes.subarray(start, start + 65_536);
}
