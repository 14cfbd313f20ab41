/** Scaling decisions in the fleet's ledger: found by service and time, explained by `why`, made again by `replay`. */
import type { Ledger } from '@longshore/ledger';
import type { DecisionSink, ScalingRecord } from './record.ts';

/** A sink that appends to a ledger, and the way back. */
export function ledgerSink(ledger: Pick<Ledger, 'appendScaling'>): DecisionSink {
  return {
    append: (records) =>
      ledger.appendScaling(
        records.map((record) => ({
          service: record.service,
          atMs: record.atMs,
          desired: record.desired,
          isChange: record.facts.target !== undefined && record.desired !== record.facts.target.desired,
          reason: record.reason,
          record,
        })),
      ),
  };
}

/** Options of {@link readDecisions}. */
export interface ReadDecisionsOptions {
  readonly service?: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Only those that changed the count. Default false. */
  readonly changesOnly?: boolean;
}

/** Records a page; the ledger's own bound is higher. */
const PAGE = 10_000;

/** Decisions of a period, oldest first. What is no record of ours is left out. */
export async function readDecisions(
  ledger: Pick<Ledger, 'scaling'>,
  options: ReadDecisionsOptions,
): Promise<readonly ScalingRecord[]> {
  const records: ScalingRecord[] = [];
  let { fromMs } = options;
  for (;;) {
    const page = await ledger.scaling({ ...options, fromMs, limit: PAGE });
    records.push(...page.flatMap(({ record }) => (isRecord(record) ? [record] : [])));
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return records;
    // A moment that the page cut in two is read again, and its first half dropped.
    fromMs = last.atMs;
    while (records.at(-1)?.atMs === fromMs) records.pop();
  }
}

function isRecord(value: unknown): value is ScalingRecord {
  return (
    typeof value === 'object' && value !== null && 'facts' in value && 'run' in value && 'limits' in value
  );
}
