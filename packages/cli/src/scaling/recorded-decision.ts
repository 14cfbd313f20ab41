/**
 * A scaling record as the ledger gives it back, read with care: its JSON was written by a controller of another version
 * perhaps, so what is missing or has another shape is left out, and the rest is shown.
 */
import type { PinFacts } from '@longshore/autoscaler';
import type { ScalingRecord } from '@longshore/ledger';

/** A decision of the autoscaler. */
export interface RecordedDecision {
  readonly service: string;
  /** Unix milliseconds. */
  readonly atMs: number;
  readonly desired: number;
  /** The count before it, where that was known. */
  readonly before: number | undefined;
  readonly isChange: boolean;
  readonly reason: string;
  /** `apply`, `dry-run` or `shadow`, as it was recorded. */
  readonly mode: string | undefined;
  /** Numbers behind the decision, by the names of `DecisionInputs`. */
  readonly inputs: Readonly<Record<string, number>>;
  /** Whether the duration of jobs was measured; else it is the configured one. */
  readonly isServiceMeasured: boolean;
  /** What kept the count from the demand, in the order of effect. */
  readonly limits: readonly string[];
  /** Names of known events that were in force. */
  readonly events: readonly string[];
  /** What the target lacks to place tasks. */
  readonly shortage: string | undefined;
  /** The operator's count that was in force. */
  readonly pin: PinFacts | undefined;
}

/** Reads one. */
export function recordedDecision({
  service,
  atMs,
  desired,
  isChange,
  reason,
  record,
}: ScalingRecord): RecordedDecision {
  const { inputs, limits, mode } = fieldsOf(record);
  const all = fieldsOf(inputs);
  const { desiredBefore, isServiceMeasured, events, shortage, pin } = all;
  return {
    service,
    atMs,
    desired,
    before: typeof desiredBefore === 'number' ? desiredBefore : undefined,
    isChange,
    reason,
    mode: typeof mode === 'string' ? mode : undefined,
    inputs: Object.fromEntries(
      Object.entries(all).filter(
        (entry): entry is [string, number] => typeof entry[1] === 'number' && Number.isFinite(entry[1]),
      ),
    ),
    isServiceMeasured: isServiceMeasured === true,
    limits: textsOf(limits),
    events: textsOf(events),
    shortage: typeof shortage === 'string' ? shortage : undefined,
    pin: pinOf(pin),
  };
}

function pinOf(value: unknown): PinFacts | undefined {
  const { tasks, untilMs, by } = fieldsOf(value);
  if (typeof tasks !== 'number' || typeof untilMs !== 'number' || typeof by !== 'string') return undefined;
  return Number.isNaN(new Date(untilMs).getTime()) ? undefined : { tasks, untilMs, by };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each): each is string => typeof each === 'string') : [];
}
