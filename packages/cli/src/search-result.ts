/** Found documents as text for people. */
import type { SearchHit, SearchResult, SnippetPart } from '@longshore/search';
import type { Screen } from './terminal/terminal.ts';
import { printable, textWidth } from './terminal/text-width.ts';

type ResultScreen = Pick<Screen, 'style' | 'columns'>;

/** Lines longer than this are hard to read. */
const MAX_COLUMNS = 100;

/** Ranked documents with their best page and a snippet, hits highlighted; a hint where nothing was found. */
export function searchResultText(result: SearchResult, screen: ResultScreen): string {
  const { hits, total, suggestions = [] } = result;
  const { style } = screen;
  if (suggestions.length > 0 && hits.length === 0)
    return `No document matches. Did you mean ${suggestions.map((word) => style.bold(printable(word))).join(', ')}?`;
  if (hits.length === 0) {
    return 'No document matches. Fewer words find more; "exact phrase", prefix* and -excluded are understood.';
  }
  const shown =
    total > hits.length
      ? `${hits.length} of ${total} documents`
      : `${total} ${total === 1 ? 'document' : 'documents'}`;
  const rankWidth = String(hits.length).length;
  return [style.dim(shown), ...hits.map((hit, index) => hitText(hit, index + 1, rankWidth, screen))].join(
    '\n\n',
  );
}

function hitText(hit: SearchHit, rank: number, rankWidth: number, screen: ResultScreen): string {
  const { style } = screen;
  const indent = ' '.repeat(rankWidth + 2);
  const title = printable(hit.title === '' ? hit.source : hit.title);
  const source = printable(hit.source);
  const where = [...(source === title ? [] : [source]), `page ${hit.page}`, hit.language].join(' · ');
  const head = `${String(rank).padStart(rankWidth)}  ${style.bold(title)}`;
  const snippet = snippetLines(hit.snippet, Math.min(screen.columns, MAX_COLUMNS) - indent.length, screen);
  return [head, `${indent}${style.dim(where)}`, ...snippet.map((line) => indent + line)].join('\n');
}

/** A word of a snippet, as wide as `plain`, shown as `text`. */
interface Word {
  readonly plain: string;
  readonly text: string;
}

function snippetLines(parts: readonly SnippetPart[], columns: number, screen: ResultScreen): string[] {
  const lines: Word[][] = [];
  let width = 0;
  for (const word of words(parts, screen)) {
    const wordWidth = textWidth(word.plain);
    const line = lines.at(-1);
    if (line === undefined || width + 1 + wordWidth > columns) {
      lines.push([word]);
      width = wordWidth;
    } else {
      line.push(word);
      width += 1 + wordWidth;
    }
  }
  return lines.map((line) => line.map(({ text }) => text).join(' '));
}

/** Words between spaces. One word may be part hit and part not ("l'élection"), so parts are joined before they are split. */
function words(parts: readonly SnippetPart[], { style }: ResultScreen): Word[] {
  const found: Word[] = [];
  let plain = '';
  let text = '';
  const end = (): void => {
    if (plain !== '') found.push({ plain, text });
    plain = '';
    text = '';
  };
  for (const part of parts) {
    const [first = '', ...rest] = printable(part.text).split(/ +/);
    const mark = (piece: string): void => {
      const marked = piece === '' || !part.hit ? piece : highlight(piece, style);
      plain += style.isColoured ? piece : marked;
      text += marked;
    };
    mark(first);
    for (const piece of rest) {
      end();
      mark(piece);
    }
  }
  end();
  return found;
}

function highlight(text: string, style: ResultScreen['style']): string {
  return style.isColoured ? style.bold(style.yellow(text)) : `«${text}»`;
}
