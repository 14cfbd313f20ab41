/**
 * Aligned tables. On a terminal some columns give way so that a row stays on its line; elsewhere nothing is cut,
 * so that `grep` and `awk` see everything.
 */
import type { Paint, Style } from './style.ts';
import { cut, printable, textWidth } from './text-width.ts';

/** A column of a {@link table}. */
export interface Column {
  readonly header: string;
  /** Default `left`. Numbers read better at the right. */
  readonly align?: 'left' | 'right';
  /** Is cut down to this many columns where the table is wider than the terminal, earlier columns first. Default: never. */
  readonly minColumns?: number;
}

/** A cell: text, or text with its paint. Paint comes after cutting and padding, so it never breaks the alignment. */
export type Cell = string | { readonly text: string; readonly paint: Paint };

/** Where a table is shown: part of a `Screen`. */
export interface TableScreen {
  readonly style: Style;
  /** Columns of the terminal; `Infinity` where output is no terminal. */
  readonly columns: number;
}

const GAP = '  ';

/** The lines of a table, each ended by a newline. Control characters in cells are made harmless. */
export function table(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  screen: TableScreen,
): string {
  const texts = rows.map((row) => columns.map((_, index) => printable(textOf(row[index] ?? ''))));
  const widths = columns.map(({ header }, index) =>
    Math.max(textWidth(header), ...texts.map((row) => textWidth(row[index] ?? ''))),
  );
  shrink(widths, columns, screen.columns);
  const header = line(columns, widths, (index) => ({
    text: columns[index]?.header ?? '',
    paint: screen.style.dim,
  }));
  const body = rows.map((row, at) =>
    line(columns, widths, (index) => ({ text: texts[at]?.[index] ?? '', paint: paintOf(row[index] ?? '') })),
  );
  return [header, ...body].map((text) => `${text}\n`).join('');
}

function shrink(widths: number[], columns: readonly Column[], available: number): void {
  const total = widths.reduce((sum, width) => sum + width + GAP.length, -GAP.length);
  let excess = total - available;
  columns.forEach(({ minColumns }, index) => {
    const width = widths[index] ?? 0;
    const given = Math.max(0, Math.min(excess, width - (minColumns ?? width)));
    widths[index] = width - given;
    excess -= given;
  });
}

function line(
  columns: readonly Column[],
  widths: readonly number[],
  cell: (index: number) => { readonly text: string; readonly paint: Paint },
): string {
  const parts = columns.map(({ align }, index) => {
    const { text, paint } = cell(index);
    const width = widths[index] ?? 0;
    const shown = cut(text, width);
    const space = ' '.repeat(Math.max(0, width - textWidth(shown)));
    if (align === 'right') return space + paint(shown);
    return index === columns.length - 1 ? paint(shown) : paint(shown) + space;
  });
  return parts.join(GAP).trimEnd();
}

function textOf(cell: Cell): string {
  return typeof cell === 'string' ? cell : cell.text;
}

function paintOf(cell: Cell): Paint {
  return typeof cell === 'string' ? (text) => text : cell.paint;
}
