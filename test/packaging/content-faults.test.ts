import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { contentFaults } from './content-faults.ts';
import type { PackedManifest } from './pack-packages.ts';

const SOUND: Readonly<Record<string, string>> = {
  'README.md': '',
  LICENSE: '',
  'package.json': '',
  'dist/index.js': "export { sleep } from './clock.js';",
  'dist/clock.js': 'export const sleep = 1;',
};
const MANIFEST: PackedManifest = {
  name: '@longshore/job',
  version: '1.0.0',
  exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
  dependencies: { zod: '4.0.0' },
};

const folders: string[] = [];

afterEach(async () => {
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
});

async function faults(
  files: Readonly<Record<string, string>>,
  manifest: PackedManifest = MANIFEST,
): Promise<string[]> {
  const unpacked = await mkdtemp(join(tmpdir(), 'longshore-content-'));
  folders.push(unpacked);
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(unpacked, path)), { recursive: true });
    await writeFile(join(unpacked, path), text);
  }
  return contentFaults({ name: manifest.name, folder: 'packages/job', tarball: '', unpacked, manifest });
}

describe('The content of a tarball', () => {
  it('has no fault when all that is named is there', async () => {
    expect(await faults(SOUND)).toEqual([]);
  });

  it('is not whole without README and licence', async () => {
    const { 'README.md': _readme, LICENSE: _licence, ...rest } = SOUND;
    expect(await faults(rest)).toEqual(['has no README.md', 'has no LICENSE']);
  });

  it('has no tests and no fixtures', async () => {
    expect(await faults({ ...SOUND, 'dist/clock.test.js': '', 'dist/fixtures/worker.mjs': '' })).toEqual([
      'ships dist/clock.test.js, which only tests need',
      'ships dist/fixtures/worker.mjs, which only tests need',
    ]);
  });

  it('has no output of a source that is gone', async () => {
    expect(await faults({ ...SOUND, 'dist/gone.js': '' })).toEqual([
      'ships dist/gone.js, whose source is gone: remove packages/job/dist and build again',
    ]);
  });

  it.each([
    ["export { a } from './gone.js';", 'dist/gone.js'],
    ["const a = () => import('./gone.js');", 'dist/gone.js'],
    ["new Worker(new URL('./thread.js', import.meta.url));", 'dist/thread.js'],
    ['new Worker(new URL(`./thread.${extension}`, import.meta.url));', 'dist/thread.js'],
    ["new URL('../data/words.txt', import.meta.url);", 'data/words.txt'],
  ])('has every file that its code names: %s', async (code, path) => {
    expect(await faults({ ...SOUND, 'dist/clock.js': code })).toEqual([
      `ships dist/clock.js, which needs ${path}, which is not shipped`,
    ]);
    expect(await faults({ ...SOUND, 'dist/clock.js': code, [path]: '' })).toEqual(
      path.startsWith('dist/')
        ? [`ships ${path}, whose source is gone: remove packages/job/dist and build again`]
        : [],
    );
  });

  it('asks for nothing that only this repository has', async () => {
    const manifest = { ...MANIFEST, dependencies: { '@longshore/job': 'workspace:*' } };
    expect(await faults(SOUND, manifest)).toEqual([
      'asks for @longshore/job@workspace:*, which only a workspace has',
    ]);
  });

  it('is entered through built files', async () => {
    const manifest = { ...MANIFEST, exports: { '.': './src/index.ts' }, bin: { longshore: './src/main.ts' } };
    expect(await faults(SOUND, manifest)).toEqual([
      'leads to ./src/index.ts, which is no build output',
      'leads to ./src/main.ts, which is no build output',
    ]);
  });
});
