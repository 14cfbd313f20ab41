/**
 * Keys as paths. One-to-one, ordered, and the same on every file system, case-sensitive or not.
 *
 * - A segment keeps `a-z 0-9 . _ -` and inner spaces. An upper-case letter `X` becomes `+x`, every other byte of its
 *   UTF-8 `%hh`. Also escaped: a dot or space at an end, names that Windows reserves (`con`, `nul`, …), a final `.d`
 *   or `.c`. So no two keys differ by case or Unicode normalisation only, and no name starts with a dot.
 * - The last segment is a file; the others are folders with `.d` after their name, so `a` and `a/b` are both storable
 *   (`a` and `a.d/b`).
 * - Segments from 80 bytes on are split every 80 bytes into folders that end in `.c` (continued): file systems take
 *   names of 255 bytes, and 80 bytes escaped are at most 240. What is left may be empty and is then named `%`.
 */

/** Bytes of a segment in one name. All segments that share their first 80 bytes share one folder, which keeps order. */
const PIECE_BYTES = 80;
const EMPTY_PIECE = '%';
const RESERVED = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(?![^.])/;

/** Whether a name is a file of an object, a folder of one more segment, or a folder of a continued segment. */
export type EntryKind = 'object' | 'folder' | 'continued';

/** The path of an object, relative to the root, as names. */
export function objectPath(segments: readonly string[]): readonly string[] {
  const names = folderPath(segments.slice(0, -1));
  return [...names, ...segmentNames(segments.at(-1) ?? '', '')];
}

/** The path of the folder that holds the keys under `segments`. */
export function folderPath(segments: readonly string[]): readonly string[] {
  return segments.flatMap((segment) => segmentNames(segment, '.d'));
}

/**
 * What a name in a folder stands for: the bytes that it adds to the key, with the `/` of a folder. `undefined` for
 * names that this encoding never gives (other programs' files, temporary files).
 */
export function parseName(name: string): { readonly kind: EntryKind; readonly bytes: Buffer } | undefined {
  const suffix = name.endsWith('.d') || name.endsWith('.c') ? name.slice(-2) : '';
  const piece = name.slice(0, name.length - suffix.length);
  const bytes = decodePiece(piece);
  if (bytes === undefined || encodePiece(bytes) !== piece) return undefined;
  if ((bytes.byteLength === PIECE_BYTES) !== (suffix === '.c')) return undefined;
  if (suffix === '.c') return { kind: 'continued', bytes };
  return suffix === '.d'
    ? { kind: 'folder', bytes: Buffer.concat([bytes, Buffer.from('/')]) }
    : { kind: 'object', bytes };
}

function segmentNames(segment: string, lastSuffix: string): string[] {
  const bytes = Buffer.from(segment);
  const names: string[] = [];
  let start = 0;
  for (; bytes.byteLength - start >= PIECE_BYTES; start += PIECE_BYTES) {
    names.push(`${encodePiece(bytes.subarray(start, start + PIECE_BYTES))}.c`);
  }
  return [...names, encodePiece(bytes.subarray(start)) + lastSuffix];
}

function encodePiece(bytes: Buffer): string {
  if (bytes.byteLength === 0) return EMPTY_PIECE;
  let piece = '';
  const last = bytes.byteLength - 1;
  const isReserved = RESERVED.test(bytes.toString('latin1').toLowerCase());
  for (const [index, byte] of bytes.entries()) {
    const mustEscape =
      (index === 0 && isReserved) ||
      ((index === 0 || index === last) && isDotOrSpace(byte)) ||
      (index === last - 1 && byte === DOT && (bytes[last] === LETTER_C || bytes[last] === LETTER_D));
    piece += mustEscape ? percent(byte) : encodeByte(byte);
  }
  return piece;
}

const DOT = 0x2e;
const SPACE = 0x20;
const LETTER_C = 0x63;
const LETTER_D = 0x64;

function isDotOrSpace(byte: number): boolean {
  return byte === DOT || byte === SPACE;
}

function encodeByte(byte: number): string {
  const character = String.fromCharCode(byte);
  if (/[a-z0-9._ -]/.test(character)) return character;
  return /[A-Z]/.test(character) ? `+${character.toLowerCase()}` : percent(byte);
}

function percent(byte: number): string {
  return `%${byte.toString(16).padStart(2, '0')}`;
}

function decodePiece(piece: string): Buffer | undefined {
  if (piece === EMPTY_PIECE) return Buffer.alloc(0);
  if (!/^(?:[a-z0-9._ -]|\+[a-z]|%[0-9a-f]{2})+$/.test(piece)) return undefined;
  const characters = piece.replaceAll(/\+([a-z])|%([0-9a-f]{2})/g, (_match, upper?: string, hex?: string) =>
    upper === undefined ? String.fromCharCode(Number.parseInt(hex ?? '', 16)) : upper.toUpperCase(),
  );
  return Buffer.from(characters, 'latin1');
}
