/** Finds the commands that documentation tells people to type. */
import type { CodeBlock } from './code-blocks.ts';

/** A call of the package manager or of `longshore`, split into words. */
export interface CommandCall {
  readonly path: string;
  readonly line: number;
  /** Without `npx`, for instance `['pnpm@12.21.0', 'demo', '--once']` or `['longshore', 'status']`. */
  readonly words: readonly string[];
}

/** Calls in shell blocks. */
export function calledInBlocks(blocks: readonly CodeBlock[]): readonly CommandCall[] {
  return blocks
    .filter(({ language }) => /^(?:sh|bash|shell|console)$/.test(language))
    .flatMap(({ path, line, lines }) => lines.flatMap((text, index) => calls(path, line + index, text)));
}

/** Calls in the prose of a Markdown file, in backticks. */
export function calledInProse(path: string, text: string): readonly CommandCall[] {
  let isInside = false;
  return text.split('\n').flatMap((line, index) => {
    if (/^\s*(?:```|~~~)/.test(line)) isInside = !isInside;
    if (isInside) return [];
    return [...line.matchAll(/`([^`]+)`/g)].flatMap(([, code = '']) => calls(path, index + 1, code));
  });
}

function calls(path: string, line: number, text: string): CommandCall[] {
  return text
    .replace(/(?:^|\s)#.*$/, '')
    .split(/\|\|?|&&|;|<\(|\)/)
    .map((segment) => wordsOf(segment.replace(/^\s*\$\s+/, '')))
    .flatMap((words) => {
      const start = words.findIndex((word) => !/^[A-Z_][A-Z0-9_]*=/.test(word));
      const command = words.slice(start === -1 ? words.length : start);
      const isNpx = command[0] === 'npx';
      const called = isNpx
        ? command.slice(1).filter((word, at, all) => !isNpxOption(word, at, all))
        : command;
      return /^(?:pnpm(?:@.*)?|longshore)$/.test(called[0] ?? '') && called.length > 1
        ? [{ path, line, words: called }]
        : [];
    });
}

/** `--yes` and its like stand between `npx` and the package. */
function isNpxOption(word: string, at: number, words: readonly string[]): boolean {
  return word.startsWith('-') && words.slice(0, at).every((before) => before.startsWith('-'));
}

function wordsOf(text: string): readonly string[] {
  return [...text.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, plain]) => double ?? single ?? plain ?? '',
  );
}
