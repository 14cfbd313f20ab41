/**
 * Keys: which strings are keys, and their order. Every driver checks a key here before it acts on it, so that no key
 * can leave a store, be spelled in two ways, or be stored by one driver and refused by another.
 */
import { LongshoreError } from '@longshore/job';

/** S3 stores keys of up to 1,024 bytes of UTF-8. A driver's own prefix counts. */
export const MAX_KEY_BYTES = 1_024;

/**
 * Control characters (C0, DEL, C1) and the two non-characters that XML 1.0 cannot carry: an S3 listing that holds one
 * cannot be parsed.
 */
// oxlint-disable-next-line no-control-regex -- this is what refuses them
const UNSTORABLE = /[\u0000-\u001f\u007f-\u009f\ufffe\uffff]/;

/** Why a string is no key, or `undefined` when it is one. */
export function keyFault(key: unknown): string | undefined {
  const fault = textFault(key, 'key');
  if (fault !== undefined || typeof key !== 'string') return fault;
  if (key === '') return 'it is empty';
  return segmentsFault(key.split('/'));
}

/**
 * Throws unless the string is a key: one or more segments joined by `/`, at most 1,024 bytes of UTF-8, no empty, `.`
 * or `..` segment (so no leading, trailing or double slash), no backslash, no control character, no unpaired surrogate.
 *
 * @throws LongshoreError `invalid_key`
 */
export function assertKey(key: unknown): asserts key is string {
  const fault = keyFault(key);
  if (fault !== undefined) throw invalidKey('key', key, fault);
}

/** The segments of a key. @throws LongshoreError `invalid_key`, see {@link assertKey}. */
export function parseKey(key: string): readonly string[] {
  assertKey(key);
  return key.split('/');
}

/**
 * Throws unless the string can start a key. The empty string can; so can a whole key, a key cut anywhere between two
 * characters, and `..` at the end (the start of a key such as `..x`).
 *
 * @throws LongshoreError `invalid_key`
 */
export function assertPrefix(prefix: unknown): asserts prefix is string {
  let fault = textFault(prefix, 'prefix');
  if (fault === undefined && typeof prefix === 'string')
    fault = segmentsFault(prefix.split('/').slice(0, -1));
  if (fault !== undefined) throw invalidKey('prefix', prefix, fault);
}

/** Order of keys by their UTF-8 bytes, which is the order of their code points. Not the order of `<` on strings. */
export function compareKeys(left: string, right: string): number {
  const units = Math.min(left.length, right.length);
  for (let index = 0; index < units; index += 1) {
    const leftUnit = left.charCodeAt(index);
    const rightUnit = right.charCodeAt(index);
    if (leftUnit !== rightUnit) return codePointRank(leftUnit) - codePointRank(rightUnit);
  }
  return left.length - right.length;
}

/** Surrogates stand for code points above all others, but their code units lie below U+E000 to U+FFFF. */
function codePointRank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

function textFault(text: unknown, noun: string): string | undefined {
  if (typeof text !== 'string')
    return `it is of type ${text === null ? 'null' : typeof text}, expected a string`;
  if (!text.isWellFormed()) return 'it holds an unpaired surrogate';
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_KEY_BYTES) return `it has ${bytes} bytes of UTF-8, a ${noun} has at most ${MAX_KEY_BYTES}`;
  if (UNSTORABLE.test(text)) return 'it holds a control character';
  if (text.includes('\\')) return 'it holds a backslash; segments are joined by "/"';
  return undefined;
}

function segmentsFault(segments: readonly string[]): string | undefined {
  if (segments[0] === '' && segments.length > 1) return 'it starts with "/"; keys are relative';
  if (segments.includes('')) return 'it has an empty segment';
  const dots = segments.find((segment) => segment === '.' || segment === '..');
  return dots === undefined ? undefined : `it has the segment "${dots}"`;
}

function invalidKey(noun: string, value: unknown, fault: string): LongshoreError {
  const shown = JSON.stringify(typeof value === 'string' ? value.slice(0, 200) : String(value));
  return new LongshoreError('invalid_key', `Cannot use ${shown} as ${noun}: ${fault}`, {
    details: { key: shown },
  });
}
