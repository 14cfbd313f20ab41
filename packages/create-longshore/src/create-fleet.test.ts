import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFleet } from './create-fleet.ts';
import { camelCase, fleetNameOf, scaffoldName } from './scaffold-name.ts';
import { FOREIGN_VERSIONS, TOOL_VERSIONS } from './versions.ts';

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'longshore-create-'));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

const read = (path: string): Promise<string> => readFile(join(cwd, path), 'utf8');
const filesIn = async (folder: string): Promise<string[]> =>
  (await readdir(join(cwd, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(cwd, folder).length + 1))
    .toSorted();

describe('A new fleet', () => {
  it('has its files, and says how to go on', async () => {
    const made = await createFleet({ cwd, folder: 'My Shop', worker: 'mail', job: 'delete', force: false });
    expect(made).toMatchObject({ name: 'my-shop', worker: 'mail', job: 'delete' });
    expect(await filesIn('My Shop')).toEqual([...made.files].toSorted());
    expect(made.next).toEqual(["cd 'My Shop'", 'npm install', 'npm test', 'npx longshore worker mail']);
    // A job may be called like a word of the language.
    expect(await read('My Shop/services/mail/src/index.ts')).toBe(
      "export { deleteJob, mailHandlers } from './delete.ts';\n",
    );
  });

  it('asks for exact versions, those of other projects being the ones that Longshore is tested with', async () => {
    await createFleet({ cwd, folder: 'shop', force: false });
    const manifest = JSON.parse(await read('shop/package.json')) as Record<string, Record<string, string>>;
    const versions = Object.values({ ...manifest['dependencies'], ...manifest['devDependencies'] });
    for (const version of versions) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    const root = JSON.parse(await readFile(join(import.meta.dirname, '../../../package.json'), 'utf8')) as {
      version: string;
      devDependencies: Record<string, string>;
    };
    expect(root.devDependencies).toMatchObject({ ...FOREIGN_VERSIONS, ...TOOL_VERSIONS });
    expect(manifest['dependencies']?.['@longshore/launch']).toBe(root.version);
  });

  it('replaces nothing of somebody else, and then writes nothing at all', async () => {
    await writeFile(join(cwd, 'README.md'), 'mine');
    await mkdir(join(cwd, 'fleet.ts'));
    const made = createFleet({ cwd, name: 'shop', force: false });
    await expect(made).rejects.toMatchObject({
      code: 'invalid_options',
      message: expect.stringContaining('README.md, fleet.ts are there already') as unknown,
    });
    expect(await filesIn('')).toEqual(['README.md']);
    expect(await read('README.md')).toBe('mine');
  });

  it('replaces what it was allowed to', async () => {
    await writeFile(join(cwd, 'README.md'), 'mine');
    const asked: (readonly string[])[] = [];
    const answer = (yes: boolean) => (paths: readonly string[]) => {
      asked.push(paths);
      return Promise.resolve(yes);
    };
    const options = { cwd, name: 'shop', force: false };
    await expect(createFleet({ ...options, mayReplace: answer(false) })).rejects.toThrow('README.md is');
    await createFleet({ ...options, mayReplace: answer(true) });
    expect(await read('README.md')).toContain('# shop');
    await writeFile(join(cwd, 'README.md'), 'mine again');
    await createFleet({ ...options, force: true });
    expect(await read('README.md')).toContain('# shop');
    expect(asked).toEqual([['README.md'], ['README.md']]);
  });

  it('may be made again where nothing of it was changed', async () => {
    await createFleet({ cwd, name: 'shop', force: false });
    await expect(createFleet({ cwd, name: 'shop', force: false })).resolves.toMatchObject({ name: 'shop' });
  });
});

describe('A name', () => {
  it.each([
    ['worker', 'thumbnails'],
    ['job', 'resize-2x'],
    ['fleet', 'a'.repeat(32)],
  ] as const)('of a %s may be %s', (thing, name) => {
    expect(scaffoldName(thing, name)).toBe(name);
  });

  it.each([
    ['worker', 'myThumbs', 'try "my-thumbs"'],
    ['worker', '../../etc', 'try "etc"'],
    ['worker', 'Vidéos 4K', 'try "videos-4k"'],
    ['job', '-', 'up to 80 characters'],
    ['fleet', 'a'.repeat(33), `try "${'a'.repeat(32)}"`],
    ['worker', 'facts', 'a queue of that name'],
  ] as const)('of a %s cannot be %s', (thing, name, says) => {
    expect(() => scaffoldName(thing, name)).toThrow(says);
  });

  it('of a fleet comes from its folder', () => {
    expect([fleetNameOf('Shop.v2'), fleetNameOf('店')]).toEqual(['shop-v2', 'fleet']);
    expect(camelCase('make-thumbnail-2x')).toBe('makeThumbnail2x');
  });
});
