/** Hours of UTC as keys: ISO 8601, which sort as they follow each other. */

const HOUR_MS = 3_600_000;

/** Start of the hour of a time, `2026-03-01T10:00:00.000Z`. */
export function hourOf(time: string): string {
  return new Date(Math.floor(Date.parse(time) / HOUR_MS) * HOUR_MS).toISOString();
}
