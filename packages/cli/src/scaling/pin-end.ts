/** When a pin ends: `--until 18:00`, `--until 2026-11-24T08:00`, or `--for 2h`. */
import { LongshoreError } from '@longshore/job';

const CLOCK = /^(\d{1,2}):(\d\d)$/;
const MOMENT = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d)?$/;

/**
 * The end in Unix milliseconds. A time of day is the next one on this machine's clock, as is a date without a zone.
 *
 * @throws LongshoreError `invalid_options` when neither or both are given, or the text is no time.
 */
export function pinEndMs(
  { until, for: forMs }: { readonly until: string | undefined; readonly for: number | undefined },
  nowMs: number,
): number {
  if ((until === undefined) === (forMs === undefined)) {
    const what = until === undefined ? 'no end is given' : 'two ends are given';
    throw new LongshoreError('invalid_options', `Cannot pin: ${what}, use --until 18:00 or --for 2h`);
  }
  if (forMs !== undefined) return nowMs + forMs;
  const endMs = clockMs(until ?? '', nowMs) ?? momentMs(until ?? '');
  if (endMs !== undefined) return endMs;
  throw new LongshoreError(
    'invalid_options',
    `--until is "${until}", expected a time of day like 18:00, or a date like 2026-11-24T08:00`,
  );
}

function clockMs(text: string, nowMs: number): number | undefined {
  const [matched, hours, minutes] = CLOCK.exec(text) ?? [];
  if (matched === undefined || Number(hours) > 23 || Number(minutes) > 59) return undefined;
  const end = new Date(nowMs);
  end.setHours(Number(hours), Number(minutes), 0, 0);
  if (end.getTime() <= nowMs) end.setDate(end.getDate() + 1);
  return end.getTime();
}

function momentMs(text: string): number | undefined {
  if (!MOMENT.test(text)) return undefined;
  const ms = new Date(text.replace(' ', 'T')).getTime();
  return Number.isNaN(ms) ? undefined : ms;
}
