/**
 * JSON in characters that every queue takes. SQS refuses U+FFFE and U+FFFF, and some SQS-compatible endpoints refuse
 * everything above U+FFFF too; inside JSON such characters can be written as escapes and mean the same.
 */

const UNSAFE = /[\uFFFE\uFFFF]|[\uD800-\uDBFF][\uDC00-\uDFFF]/g;

/** The JSON text of a value, equal to `JSON.stringify`'s after parsing. */
export function stringifyJson(value: unknown): string {
  return JSON.stringify(value).replace(UNSAFE, (characters) =>
    Array.from(
      { length: characters.length },
      (_, at) => `\\u${characters.charCodeAt(at).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
}
