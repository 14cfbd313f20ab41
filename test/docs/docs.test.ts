/** Holds the documentation to the code: what it shows compiles, what it tells people to type and to open exists. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listFiles } from '../check/list-files.ts';
import { ROOT } from '../check/run-program.ts';
import { docCommentBlocks, markdownBlocks } from './code-blocks.ts';
import { commandFaults } from './command-faults.ts';
import { calledInBlocks, calledInProse } from './command-lines.ts';
import { compileFaults, unreasonedBlocks } from './compile-blocks.ts';
import { linkFaults } from './link-faults.ts';

/** The one that README tells people to use, and CI uses. */
const PNPM = 'pnpm@12.21.0';

const files = listFiles(ROOT);
const pages = files.filter((file) => file.endsWith('.md'));
const sources = files.filter(
  (file) => /^(?:packages|services)\/.*\/src\/.*\.ts$/.test(file) && !/\.test\./.test(file),
);
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

const pageBlocks = pages.flatMap((path) => markdownBlocks(path, read(path)));
const commentBlocks = sources.flatMap((path) => docCommentBlocks(path, read(path)));

describe('Code in the documentation', () => {
  it('compiles against the packages', async () => {
    expect(await compileFaults([...pageBlocks, ...commentBlocks])).toEqual([]);
  });

  it('says why, where it is not compiled', () => {
    expect(unreasonedBlocks([...pageBlocks, ...commentBlocks])).toEqual([]);
  });

  it('is there at all', () => {
    expect(pageBlocks.filter(({ path }) => path === 'README.md').map(({ language }) => language)).toContain(
      'ts',
    );
    expect(commentBlocks.length).toBeGreaterThan(0);
  });
});

describe('Commands in the documentation', () => {
  const prose = pages.flatMap((path) => calledInProse(path, read(path)));

  it('exist, with their options', async () => {
    expect(await commandFaults([...calledInBlocks(pageBlocks), ...prose], PNPM)).toEqual([]);
  });

  it('name one version of the package manager where they are to be copied', () => {
    const unpinned = calledInBlocks(pageBlocks)
      .filter(({ path, words }) => path === 'README.md' && words[0] === 'pnpm')
      .map(
        ({ path, line, words }) =>
          `${path}:${line} says "${words.join(' ')}": npx asks before it takes any version; say ${PNPM}`,
      );
    expect(unpinned).toEqual([]);
  });
});

describe('Links in the documentation', () => {
  it('lead to files and headings that exist', () => {
    expect(pages.flatMap((path) => linkFaults(ROOT, path))).toEqual([]);
  });
});

describe('The list of error codes', () => {
  it('has every code, and no other', () => {
    const union = /export type ErrorCode =([^;]*);/.exec(read('packages/job/src/error.ts'))?.[1] ?? '';
    const codes = [...union.matchAll(/'(\w+)'/g)].map(([, code]) => code);
    const rows = read('docs/reference/errors.md')
      .split('\n')
      .filter((line) => line.startsWith('| `'));
    const listed = rows.flatMap((row) =>
      [...(row.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, code]) => code),
    );
    expect(codes.length).toBeGreaterThan(0);
    expect(new Set(listed)).toEqual(new Set(codes));
    expect(listed).toHaveLength(codes.length);
  });
});
