/** The header `Retry-After` of RFC 9110: seconds, or a date. */

/** No receiver may put an event off for longer. */
const MAX_RETRY_AFTER_MS = 86_400_000;

/** As dates of HTTP begin: with the name of a day. */
const DATE = /^[A-Z][a-z]{2,8},? /;

/** Milliseconds from now, at most a day; `undefined` for what cannot be read. */
export function retryAfterMs(value: string | undefined, nowMs: number): number | undefined {
  const text = value?.trim() ?? '';
  const delayMs = /^\d{1,10}$/.test(text)
    ? Number(text) * 1_000
    : DATE.test(text)
      ? Date.parse(text) - nowMs
      : Number.NaN;
  return Number.isNaN(delayMs) ? undefined : Math.min(Math.max(Math.ceil(delayMs), 0), MAX_RETRY_AFTER_MS);
}
