import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeObjectStore } from '../conformance/index.ts';
import type { ObjectStore } from '../object-store.ts';
import { readText } from '../read-object.ts';
import { fsObjectStore } from './fs-object-store.ts';

describeObjectStore({
  name: 'fs',
  async open() {
    const folder = await mkdtemp(join(tmpdir(), 'longshore-objects-'));
    return {
      store: fsObjectStore({ root: folder }),
      close: () => rm(folder, { recursive: true, force: true }),
    };
  },
});

let folder: string;
let root: string;
let store: ObjectStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'longshore-objects-'));
  root = join(folder, 'root');
  store = fsObjectStore({ root, durable: false });
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function keys(prefix = ''): Promise<string[]> {
  return (await Array.fromAsync(store.list(prefix))).map(({ key }) => key);
}

describe('the files of an fs object store', () => {
  const wholeFile = async (): Promise<Buffer> => {
    await store.put('whole', 'x');
    const bytes = await readFile(join(root, 'whole'));
    await store.delete('whole');
    return bytes;
  };

  it('start with the body, as it is', async () => {
    await store.put('out/report.txt', 'The text\n', { contentType: 'text/plain' });
    const file = await readFile(join(root, 'out.d', 'report.txt'), 'utf8');
    expect(file).toMatch(
      /^The text\n\n\{"bytes":9,"sha256":"[0-9a-f]{64}","contentType":"text\/plain"\} longshore-object-1 \d{6}\n$/,
    );
  });

  it('may hold bodies that look like their own end', async () => {
    const whole = await wholeFile();
    await store.put('b', whole);
    await store.put('c', Buffer.concat([whole, whole]));
    expect(await readText(store, 'b')).toBe(whole.toString());
    expect(await readText(store, 'c')).toBe(whole.toString().repeat(2));
  });

  it('are removed with the folders that they leave empty, and no others', async () => {
    await store.put('a/b/c/d', 'x');
    await store.put('a/e', 'x');
    await store.delete('a/b/c/d');
    expect(await readdir(join(root, 'a.d'))).toEqual(['e']);
    await store.delete('a/e');
    expect(await readdir(root)).toEqual(['.longshore-writing']);
    expect(await readdir(join(root, '.longshore-writing'))).toEqual([]);
  });

  it('that were cut off, or were put there by others, are called corrupt and can be replaced', async () => {
    await store.put('cut', 'a body of some length');
    await truncate(join(root, 'cut'), 40);
    await store.put(
      'cut late',
      Buffer.concat([Buffer.from('before '), await wholeFile(), Buffer.from(' after')]),
    );
    await truncate(join(root, 'cut late'), 7 + (await wholeFile()).byteLength);
    await writeFile(join(root, 'foreign'), 'not an object');
    await writeFile(join(root, 'empty'), '');
    for (const key of ['cut', 'cut late', 'foreign', 'empty']) {
      const corrupt = { code: 'object_corrupt', retryable: false };
      await expect(store.get(key), key).rejects.toMatchObject(corrupt);
      await expect(store.head(key), key).rejects.toMatchObject(corrupt);
      expect(await store.create(key, 'new'), key).toEqual({ created: false });
    }
    expect(await keys()).toEqual([]);
    await store.put('cut', 'whole');
    await store.delete('foreign');
    expect(await store.create('foreign', 'ours')).toEqual({ created: true });
    expect(await keys()).toEqual(['cut', 'foreign']);
  });

  it('do not make a reader wait for the other end of a pipe', async () => {
    await store.put('a', 'x');
    await promisify(execFile)('mkfifo', [join(root, 'pipe')]);
    await expect(store.get('pipe')).rejects.toMatchObject({ code: 'object_corrupt' });
    expect(await keys()).toEqual(['a']);
  });
});

describe('symbolic links under the root', () => {
  let outside: string;

  beforeEach(async () => {
    outside = join(folder, 'outside');
    await mkdir(join(outside, 'inner.d'), { recursive: true });
    const other = fsObjectStore({ root: outside });
    await other.put('secret', 'secret');
    await other.put('inner/secret', 'secret');
    await rm(join(outside, '.longshore-writing'), { recursive: true });
    await store.put('own', 'x');
  });

  it('lead no key to a folder outside', async () => {
    await symlink(outside, join(root, 'link.d'));
    for (const key of ['link/secret', 'link/inner/secret', 'link/new', 'link/new/new']) {
      const refused = {
        code: 'object_corrupt',
        message: expect.stringContaining('remove the link') as string,
      };
      await expect(store.put(key, 'x'), key).rejects.toMatchObject(refused);
      await expect(store.create(key, 'x'), key).rejects.toMatchObject(refused);
    }
    for (const key of ['link/secret', 'link/inner/secret']) {
      await expect(store.get(key), key).rejects.toMatchObject({ code: 'object_corrupt' });
      await expect(store.head(key), key).rejects.toMatchObject({ code: 'object_corrupt' });
      await expect(store.delete(key), key).rejects.toMatchObject({ code: 'object_corrupt' });
    }
    expect(await keys()).toEqual(['own']);
    await expect(keys('link/')).rejects.toMatchObject({ code: 'object_corrupt' });
    expect((await readdir(outside, { recursive: true })).sort()).toEqual([
      'inner.d',
      'inner.d/secret',
      'secret',
    ]);
  });

  it('lead no key to a file outside, and are replaced and removed themselves', async () => {
    const target = join(outside, 'secret');
    const before = await readFile(target);
    for (const name of ['read', 'replaced', 'removed']) await symlink(target, join(root, name));
    await expect(store.get('read')).rejects.toMatchObject({ code: 'object_corrupt' });
    expect(await store.create('read', 'x')).toEqual({ created: false });
    await store.put('replaced', 'ours');
    await store.delete('removed');
    expect(await readText(store, 'replaced')).toBe('ours');
    expect(await keys()).toEqual(['own', 'replaced']);
    expect(await readFile(target)).toEqual(before);
  });

  it('may be the root itself', async () => {
    await symlink(root, join(folder, 'alias'));
    const alias = fsObjectStore({ root: join(folder, 'alias') });
    expect(await readText(alias, 'own')).toBe('x');
    await alias.put('a/b', 'y');
    expect(await readText(store, 'a/b')).toBe('y');
  });
});

describe('fsObjectStore', () => {
  it('makes nothing before it is used, and its root again when it was removed', async () => {
    await expect(stat(root)).rejects.toThrow('ENOENT');
    await store.put('a', 'x');
    await rm(root, { recursive: true });
    expect(await store.get('a')).toBeUndefined();
    expect(await keys()).toEqual([]);
    await store.put('b/c', 'x');
    expect(await keys()).toEqual(['b/c']);
  });

  it('takes a relative root from the working directory of its making', async () => {
    const made = fsObjectStore({ root: relative(process.cwd(), root) });
    await made.put('a', 'x');
    expect(await readText(store, 'a')).toBe('x');
    expect(() => fsObjectStore({ root: '' })).toThrow('root is empty');
  });

  it('says the same time in put, head and list', async () => {
    const { modifiedAtMs } = await store.put('a', 'x');
    expect((await store.head('a'))?.modifiedAtMs).toBe(modifiedAtMs);
    expect((await Array.fromAsync(store.list('')))[0]?.modifiedAtMs).toBe(modifiedAtMs);
  });

  it('calls what the file system refuses unavailable, with the reason', async () => {
    await writeFile(join(folder, 'file'), '');
    const nowhere = fsObjectStore({ root: join(folder, 'file', 'root') });
    const unavailable = {
      code: 'object_store_unavailable',
      retryable: true,
      message: expect.stringContaining('ENOTDIR') as string,
    };
    await expect(nowhere.put('a', 'x')).rejects.toMatchObject(unavailable);
    await expect(nowhere.get('a')).rejects.toMatchObject(unavailable);
    const deep = fsObjectStore({ root: join(folder, ...Array.from({ length: 15 }, () => 'x'.repeat(200))) });
    await expect(deep.put('y/'.repeat(510).slice(0, -1), 'x')).rejects.toMatchObject({ code: 'invalid_key' });
  });
});
