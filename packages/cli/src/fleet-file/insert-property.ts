/** Adds a property at the end of an object literal in a source, and changes nothing else of it. */
import type { Section } from './find-section.ts';

/** One change of a source: text put in place of what lies between two offsets. */
export interface Insertion {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * The changes that add a property. `property` is source text with a comma at its end, its lines joined by `\n` and
 * indented by two spaces a level; it takes on the indent and the line ends of the file.
 */
export function insertProperty(source: string, section: Section, property: string): readonly Insertion[] {
  const { close, last, open } = section;
  const eol = source.includes('\r\n') ? '\r\n' : '\n';
  const indent = indentOf(source, section);
  const unit = indent.endsWith('\t') ? '\t' : '  ';
  const lines = property
    .split('\n')
    .map((line) => indent + line.replace(/^(?: {2})+/, (spaces) => unit.repeat(spaces.length / 2)));
  const needsComma = last !== open && last.text !== ',';
  const comma = needsComma ? [{ start: last.end, end: last.end, text: ',' }] : [];
  const lineStart = source.lastIndexOf('\n', close.start - 1) + 1;
  if (source.slice(lineStart, close.start).trim() === '') {
    return [...comma, { start: lineStart, end: lineStart, text: lines.map((line) => line + eol).join('') }];
  }
  // The brace closes on a line with something before it: it gets a line of its own.
  const blanks = /[ \t]*$/.exec(source.slice(0, close.start))?.[0].length ?? 0;
  const text = `${eol}${lines.join(eol)}${eol}${lineIndent(source, open.start)}`;
  return [...comma, { start: close.start - blanks, end: close.start, text }];
}

/** The source with the changes made. They must not overlap. */
export function withInsertions(source: string, insertions: readonly Insertion[]): string {
  // From the end, so that offsets stay true; of two at one place the later one goes first.
  return insertions
    .toSorted((one, other) => one.start - other.start)
    .reduceRight(
      (text, { start, end, text: added }) => text.slice(0, start) + added + text.slice(end),
      source,
    );
}

/** The indent of the section's properties: that of the first one, where it has a line of its own. */
function indentOf(source: string, { open, first }: Section): string {
  if (first !== undefined && isFirstOfLine(source, first.start)) return lineIndent(source, first.start);
  const outer = lineIndent(source, open.start);
  return outer + (outer.includes('\t') ? '\t' : '  ');
}

function isFirstOfLine(source: string, offset: number): boolean {
  return source.slice(source.lastIndexOf('\n', offset - 1) + 1, offset).trim() === '';
}

function lineIndent(source: string, offset: number): string {
  const line = source.slice(source.lastIndexOf('\n', offset - 1) + 1, offset);
  return /^[ \t]*/.exec(line)?.[0] ?? '';
}
