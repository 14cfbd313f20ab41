/** Makes recorded decisions again from their facts: the policy of today against what was decided. */
import { decide } from './policy/decide.ts';
import { EMPTY_HISTORY, type ScalingHistory } from './policy/history.ts';
import type { ScalingSpec } from './policy/spec.ts';
import type { ScalingRecord } from './record.ts';

/** A decision that came out otherwise. */
export interface ReplayDifference {
  readonly service: string;
  readonly atMs: number;
  readonly recorded: number;
  readonly replayed: number;
  /** Sentence of the replayed decision. */
  readonly reason: string;
}

/** Result of {@link replay}. */
export interface Replay {
  readonly decisions: number;
  /** Records before the first spec of their run: they cannot be made again. */
  readonly skipped: number;
  readonly differences: readonly ReplayDifference[];
}

/**
 * Makes the decisions again, in order of time. Without `change` a recording comes out exactly as it was; with it, it shows
 * what another objective or maximum would have decided on the same facts.
 */
export function replay(
  records: readonly ScalingRecord[],
  change: (spec: ScalingSpec) => ScalingSpec = (spec) => spec,
): Replay {
  const runs = new Map<string, { spec: ScalingSpec; history: ScalingHistory }>();
  const differences: ReplayDifference[] = [];
  let decisions = 0;
  let skipped = 0;
  for (const record of records.toSorted((left, right) => left.atMs - right.atMs)) {
    const key = `${record.run}/${record.service}`;
    if (record.spec !== undefined)
      runs.set(key, { spec: change(record.spec), history: record.memory ?? EMPTY_HISTORY });
    const run = runs.get(key);
    if (run === undefined) {
      skipped += 1;
      continue;
    }
    decisions += 1;
    const { desired, reason, history } = decide(record.facts, run.spec, run.history, record.atMs);
    run.history = history;
    const recorded = record.decided ?? record.desired;
    if (desired !== recorded)
      differences.push({ service: record.service, atMs: record.atMs, recorded, replayed: desired, reason });
  }
  return { decisions, skipped, differences };
}
