/** The rules on documentation themselves: each planted fault is found, at its line. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { docCommentBlocks, markdownBlocks } from './code-blocks.ts';
import { commandFaults } from './command-faults.ts';
import { calledInBlocks, calledInProse } from './command-lines.ts';
import { compileFaults, unreasonedBlocks } from './compile-blocks.ts';
import { linkFaults } from './link-faults.ts';

const page = (...lines: readonly string[]): string => lines.join('\n');

describe('A code block', () => {
  it('that does not compile is found at its line of the page', async () => {
    const blocks = markdownBlocks(
      'page.md',
      page('# Title', '', '```ts', 'const a = 1;', 'const b: string = a;', '```'),
    );
    expect(await compileFaults(blocks)).toEqual([
      "page.md:5:7 error TS2322: Type 'number' is not assignable to type 'string'.",
    ]);
  });

  it('that uses what a package does not export is found', async () => {
    const blocks = markdownBlocks(
      'page.md',
      page('```ts', "import { nothing } from '@longshore/job';", '```'),
    );
    expect(await compileFaults(blocks)).toEqual([expect.stringContaining('page.md:2:10 error TS2305')]);
  });

  it('in a doc comment is compiled at its line and column of the source', async () => {
    const text = page(
      '/**',
      ' * Adds.',
      ' *',
      ' * @example',
      ' * ```ts',
      ' * const a: string = 1;',
      ' * ```',
      ' */',
    );
    expect(await compileFaults(docCommentBlocks('add.ts', text))).toEqual([
      expect.stringContaining('add.ts:6:10 error TS2322'),
    ]);
  });

  it('in other comments or strings is none of a reader’s business', () => {
    expect(
      docCommentBlocks('add.ts', page('// ```ts', '// a b c', '// ```', '/* x */', 'const a = "```ts";')),
    ).toEqual([]);
  });

  it('is compiled with the code that a comment before it gives', async () => {
    const given = ['<!-- given', 'const a: number = 1;', '-->', ''];
    const code = ['```ts', 'const b: string = a;', '```'];
    expect(await compileFaults(markdownBlocks('page.md', page(...given, ...code)))).toEqual([
      expect.stringContaining('page.md:6:7 error TS2322'),
    ]);
    expect(await compileFaults(markdownBlocks('page.md', page(...given, 'Text between.', ...code)))).toEqual([
      expect.stringContaining("page.md:7:19 error TS2304: Cannot find name 'a'"),
    ]);
  });

  it('may be left out for a reason, and only for one', async () => {
    const reasoned = markdownBlocks('page.md', page('```ts no-check it is half a program', 'a b c', '```'));
    const silent = markdownBlocks('page.md', page('```ts no-check', 'a b c', '```'));
    expect(await compileFaults([...reasoned, ...silent])).toEqual([]);
    expect(unreasonedBlocks(reasoned)).toEqual([]);
    expect(unreasonedBlocks(silent)).toEqual([
      'page.md:1 is not compiled and does not say why: ```ts no-check <reason>',
    ]);
  });

  it('of another language is left alone', async () => {
    expect(await compileFaults(markdownBlocks('page.md', page('```json', '{', '```')))).toEqual([]);
  });
});

describe('A command', () => {
  const faults = (...lines: readonly string[]): Promise<string[]> =>
    commandFaults(calledInBlocks(markdownBlocks('page.md', page('```sh', ...lines, '```'))), 'pnpm@12.21.0');

  it.each([
    ['a script that is gone', 'npx --yes pnpm@12.21.0 gone', 'calls the script "gone"'],
    ['another version of the package manager', 'npx --yes pnpm@9.0.0 test', 'says pnpm@9.0.0'],
    ['a command that is gone', 'A=b longshore gone # comment', 'calls "longshore gone"'],
    ['a command that is gone, in a pipe', 'cat x | longshore gone', 'calls "longshore gone"'],
    ['a command that is gone, through a script', 'npx pnpm longshore gone', 'calls "longshore gone"'],
    ['a subcommand that is gone', '$ longshore dlq gone', 'calls "longshore dlq gone"'],
    [
      'an option that is gone',
      'longshore dlq list x --gone=1',
      'gives "longshore dlq list" the option --gone',
    ],
  ])('finds %s', async (_title, line, fault) => {
    expect(await faults(line)).toEqual([expect.stringContaining(`page.md:2 ${fault}`)]);
  });

  it('passes when it exists with its options', async () => {
    expect(
      await faults(
        'npx --yes pnpm@12.21.0 test',
        'pnpm install --frozen-lockfile',
        'longshore dlq list <queue> --json && longshore help <command>',
        'git status # pnpm gone',
      ),
    ).toEqual([]);
  });

  it('is found in prose as well, but not in fences', () => {
    const text = page('Run `pnpm gone --once`, or `queue.close()`.', '```', '`pnpm other`', '```');
    expect(calledInProse('page.md', text)).toEqual([
      { path: 'page.md', line: 1, words: ['pnpm', 'gone', '--once'] },
    ]);
  });
});

describe('A link', () => {
  const roots: string[] = [];

  afterEach(() => {
    for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true });
  });

  const faults = (line: string): string[] => {
    const root = mkdtempSync(join(tmpdir(), 'longshore-links-'));
    roots.push(root);
    mkdirSync(join(root, 'docs'));
    writeFileSync(join(root, 'docs/page.md'), line);
    writeFileSync(join(root, 'docs/other.md'), page('# A title, `code` & more', '## Twice', '## Twice'));
    return linkFaults(root, 'docs/page.md');
  };

  it.each([
    ['[x](gone.md)', 'there is no such file'],
    ['[x](../docs/gone.md)', 'there is no such file'],
    ['![x](gone.png "title")', 'there is no such file'],
    ['[x]: gone.md', 'there is no such file'],
    ['[x](other.md#gone)', 'there is no such heading'],
    ['[x](#gone)', 'there is no such heading'],
    ['[x](/docs/other.md)', 'a path from the root of a server; give one from this file'],
    ['[x](../../other.md)', 'it leaves the repository'],
  ])('%s is found', (line, fault) => {
    expect(faults(line)).toEqual([
      expect.stringMatching(new RegExp(`^docs/page\\.md:1 links to .*: ${fault}$`)),
    ]);
  });

  it.each([
    '[x](other.md)',
    '[x](../docs/other.md#a-title-code--more)',
    '[x](other.md#twice-1)',
    '[x](../docs)',
    '[x](https://example.com/gone)',
    '`[x](gone.md)`',
  ])('%s is fine', (line) => {
    expect(faults(line)).toEqual([]);
  });
});
