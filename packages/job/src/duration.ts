/**
 * Durations as people write them ("30s", "1m30s", "250ms") and as code uses them (milliseconds).
 *
 * Strings are for fleet files only, and are parsed once; everywhere else a number carries its unit in its name.
 */
import { LongshoreError } from './error.ts';

/** Milliseconds per unit accepted by {@link parseDurationMs}. */
export const DURATION_UNITS_MS: Readonly<Record<'ms' | 's' | 'm' | 'h' | 'd', number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/gy;

/**
 * Milliseconds of a duration such as `"30s"`, `"1h30m"` or `"250ms"`. Units: ms, s, m, h, d; parts add up.
 *
 * @throws LongshoreError `invalid_options` when the text is no duration.
 * @example
 * ```ts
 * import { parseDurationMs } from '@longshore/job';
 * parseDurationMs('1m30s'); // 90000
 * ```
 */
export function parseDurationMs(text: string): number {
  PART.lastIndex = 0;
  let totalMs = 0;
  let end = 0;
  for (let match = PART.exec(text); match !== null; match = PART.exec(text)) {
    totalMs += Number(match[1]) * DURATION_UNITS_MS[match[2] as keyof typeof DURATION_UNITS_MS];
    end = PART.lastIndex;
  }
  if (end === 0 || end !== text.length) {
    throw new LongshoreError(
      'invalid_options',
      `Cannot read duration "${text}": write it like "30s", "1m30s" or "250ms"`,
      {
        details: { value: text },
      },
    );
  }
  return totalMs;
}

/** A duration for people: `formatDuration(90_000)` is `"1m30s"`, `formatDuration(250)` is `"250ms"`. */
export function formatDuration(durationMs: number): string {
  if (durationMs < 1_000) return `${Math.round(durationMs)}ms`;
  if (durationMs < 10_000) return `${Math.round(durationMs / 100) / 10}s`;
  let rest = Math.round(durationMs / 1_000);
  const parts: string[] = [];
  for (const [unit, seconds] of [
    ['d', 86_400],
    ['h', 3_600],
    ['m', 60],
    ['s', 1],
  ] as const) {
    const count = Math.floor(rest / seconds);
    rest -= count * seconds;
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return parts.slice(0, 2).join('');
}
