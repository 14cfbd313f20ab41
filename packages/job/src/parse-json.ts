/**
 * JSON from outside: strict UTF-8, and no key that could reach an object's prototype.
 *
 * `JSON.parse` itself creates `__proto__` as an own key and is safe; the danger is the first careless copy of it,
 * so such documents are refused at the door.
 */

/** Why a text was refused. */
export interface JsonFault {
  readonly code: 'bad_utf8' | 'bad_json' | 'forbidden_key';
  readonly reason: string;
}

const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);
const SUSPICIOUS = /__proto__|constructor|prototype|\\u/;
const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Parses JSON text or bytes. Never throws for bad input.
 *
 * Refuses invalid UTF-8, unpaired surrogates, and the keys `__proto__`, `prototype` and `constructor` at any depth.
 */
export function parseJson(
  input: string | Uint8Array,
): { ok: true; value: unknown } | { ok: false; fault: JsonFault } {
  let text: string;
  try {
    text = typeof input === 'string' ? input : decoder.decode(input);
  } catch {
    return fault('bad_utf8', 'The bytes are not valid UTF-8');
  }
  if (!text.isWellFormed()) return fault('bad_utf8', 'The text holds an unpaired surrogate');
  let forbidden: string | undefined;
  const reviver = (key: string, value: unknown): unknown => {
    if (FORBIDDEN.has(key)) forbidden ??= key;
    return value;
  };
  try {
    // The reviver costs several times the parse, so it runs only where a forbidden key could be.
    const value: unknown = SUSPICIOUS.test(text) ? JSON.parse(text, reviver) : JSON.parse(text);
    if (forbidden !== undefined) return fault('forbidden_key', `The key "${forbidden}" is not allowed`);
    return { ok: true, value };
  } catch (error) {
    return fault('bad_json', error instanceof Error ? error.message : String(error));
  }
}

function fault(code: JsonFault['code'], reason: string): { ok: false; fault: JsonFault } {
  return { ok: false, fault: { code, reason } };
}
