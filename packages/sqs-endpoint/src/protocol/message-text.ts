/** What a body or a text attribute may consist of: `#x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF`. */

// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const FORBIDDEN = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/;

/** Whether SQS takes this text. Lone surrogates are no characters. */
export function isAllowedText(text: string): boolean {
  return !FORBIDDEN.test(text) && text.isWellFormed();
}
