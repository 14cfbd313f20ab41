/**
 * Cuts JavaScript or TypeScript into tokens, as far as brackets, strings and comments need telling apart. It knows no
 * grammar: regular expressions are not recognised, so what is built on it must check its result.
 */

/** A token: a string or template, a word, or one other character. Comments and white space are none. */
export interface Token {
  readonly text: string;
  /** Offset of its first character, and of the first one behind it. */
  readonly start: number;
  readonly end: number;
}

const TOKEN = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|[\w$]+|\s+|`|[\s\S]/gu;

/** The tokens, in order. */
export function scanSource(source: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < source.length) {
    TOKEN.lastIndex = at;
    const text = TOKEN.exec(source)?.[0] ?? source.slice(at);
    const end = text === '`' ? templateEnd(source, at) : at + text.length;
    if (!/^(?:\s|\/[/*])/.test(text)) tokens.push({ text: source.slice(at, end), start: at, end });
    at = end;
  }
  return tokens;
}

/** Behind the template that starts at `start`; what `${…}` holds may be templates again. */
function templateEnd(source: string, start: number): number {
  let depth = 0;
  for (let at = start + 1; at < source.length; at += 1) {
    const two = source.slice(at, at + 2);
    if (two.startsWith('\\')) at += 1;
    else if (depth === 0 && two.startsWith('`')) return at + 1;
    else if (two === '${') depth += 1;
    else if (depth > 0 && two.startsWith('}')) depth -= 1;
    else if (depth > 0 && two.startsWith('`')) at = templateEnd(source, at) - 1;
  }
  return source.length;
}
