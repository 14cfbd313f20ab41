/** Durations of a manifest as a fleet file takes them: both write `1h30m` and `250ms`. */
import { parseDurationMs } from '@longshore/job';
import type { Notes } from './notes.ts';

/** The duration; `undefined` where there is none, or none that is understood, which is noted. */
export function durationText(value: unknown, field: string, notes: Notes): string | undefined {
  if (value === undefined || value === null) return undefined;
  try {
    if (typeof value === 'string' && Number.isFinite(parseDurationMs(value))) return value;
  } catch {
    // Noted below, with all that is no duration.
  }
  notes.add(field, value, 'it is no duration like 30s or 1h30m');
  return undefined;
}
