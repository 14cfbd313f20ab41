/** The header `Retry-After` of RFC 9110: seconds, or a date. */

/** No receiver may put an event off for longer. */
const MAX_RETRY_AFTER_MS = 86_400_000;

/** Milliseconds from now, at most a day; `undefined` for what cannot be read. */
export function retryAfterMs(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  const text = value.trim();
  const delayMs = /^\d{1,10}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - nowMs;
  if (Number.isNaN(delayMs) || !/^\d|^[A-Z][a-z]{2}/.test(text)) return undefined;
  return Math.min(Math.max(Math.ceil(delayMs), 0), MAX_RETRY_AFTER_MS);
}
