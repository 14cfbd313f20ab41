/**
 * Finds the code that documentation shows: fenced blocks of Markdown files and of `@example`s in TSDoc.
 *
 * A TypeScript block is compiled as it stands. Two notes of the author change that:
 * - a comment `<!-- given … -->` right before a Markdown block holds code that the reader need not see, compiled with it;
 * - a fence "ts no-check <reason>" is not compiled, for its reason.
 */

/** A fenced block. */
export interface CodeBlock {
  readonly path: string;
  /** Of the first line of code, from 1. */
  readonly line: number;
  readonly language: string;
  /** What follows the language on the fence. */
  readonly note: string;
  /** Columns are those of the file. */
  readonly lines: readonly string[];
  /** Code of a `given` comment, and the line of its first line. */
  readonly given?: { readonly line: number; readonly lines: readonly string[] };
}

/** Blocks of a Markdown file. */
export function markdownBlocks(path: string, text: string): readonly CodeBlock[] {
  return fencedBlocks(path, text.split('\n'));
}

/** Blocks of the doc comments of a source file. */
export function docCommentBlocks(path: string, text: string): readonly CodeBlock[] {
  const lines = text.split('\n');
  let isInside = false;
  const documentation = lines.map((line) => {
    if (/^\s*\/\*\*/.test(line)) isInside = !line.includes('*/');
    else if (isInside && line.includes('*/')) isInside = false;
    else if (isInside) return line.replace(/^(\s*)\*/, '$1 ');
    return '';
  });
  return fencedBlocks(path, documentation);
}

function fencedBlocks(path: string, lines: readonly string[]): readonly CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let at = 0;
  let given: CodeBlock['given'];
  while (at < lines.length) {
    const fence = /^\s*(`{3,}|~{3,})\s*(\S*)\s*(.*?)\s*$/.exec(lines[at] ?? '');
    if (fence !== null) {
      const [, mark = '', language = '', note = ''] = fence;
      const end = indexFrom(lines, at + 1, (line) => line.trim() === mark);
      blocks.push({
        path,
        line: at + 2,
        language,
        note,
        lines: lines.slice(at + 1, end),
        ...(given === undefined ? {} : { given }),
      });
      given = undefined;
      at = end + 1;
    } else if (/^<!--\s*given\s*$/.test(lines[at] ?? '')) {
      const end = indexFrom(lines, at + 1, (line) => line.trim() === '-->');
      given = { line: at + 2, lines: lines.slice(at + 1, end) };
      at = end + 1;
    } else {
      if ((lines[at] ?? '').trim() !== '') given = undefined;
      at += 1;
    }
  }
  return blocks;
}

function indexFrom(lines: readonly string[], from: number, matches: (line: string) => boolean): number {
  const index = lines.findIndex((line, at) => at >= from && matches(line));
  return index === -1 ? lines.length : index;
}
