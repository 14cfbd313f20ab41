/** `longshore simulate --replay`: the autoscaler's own recording, decided again by the policy of today. */
import { readDecisions, replay, type Replay, type ScalingSpec } from '@longshore/autoscaler';
import { LongshoreError } from '@longshore/job';
import type { Environment } from '@longshore/launch';
import { openScalingLedger } from '../scaling/open-scaling-ledger.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** What is replayed, and what is changed about it. */
export interface ReplayOptions {
  readonly env: Environment;
  readonly cwd: string;
  /** Path of the fleet file, as given. */
  readonly fleet: string | undefined;
  readonly service: string | undefined;
  readonly lastMs: number;
  readonly objective: number | undefined;
  readonly max: number | undefined;
  readonly min: number | undefined;
  readonly json: boolean;
  readonly terminal: Terminal;
}

/** Differences that are listed; the count tells of the others. */
const SHOWN = 20;

/** Replays and prints. */
export async function replayPast(options: ReplayOptions): Promise<void> {
  const { service, lastMs, json, terminal } = options;
  const nowMs = Date.now();
  await using ledger = await openScalingLedger(options);
  const records = await readDecisions(ledger, {
    fromMs: nowMs - lastMs,
    toMs: nowMs + 1,
    ...(service === undefined ? {} : { service }),
  });
  if (records.length === 0)
    throw new LongshoreError(
      'invalid_options',
      `The ledger has no decisions${service === undefined ? '' : ` on "${service}"`} in that time: choose a longer --last`,
    );
  const result = replay(records, changed(options));
  if (json) terminal.json(result);
  else terminal.data.write(text(result));
}

function changed({ objective, max, min }: ReplayOptions): (spec: ScalingSpec) => ScalingSpec {
  return (spec) => ({
    ...spec,
    ...(objective === undefined ? {} : { timeInQueueMs: objective }),
    ...(max === undefined ? {} : { max }),
    ...(min === undefined ? {} : { min }),
  });
}

function text({ decisions, skipped, differences }: Replay): string {
  const lines = [
    `${decisions.toLocaleString('en-US')} decisions made again, ${differences.length.toLocaleString('en-US')} came out otherwise`,
    ...(skipped === 0
      ? []
      : [`${skipped.toLocaleString('en-US')} could not be: the beginning of their run is not in that time`]),
    ...differences
      .slice(0, SHOWN)
      .map(
        ({ atMs, recorded, reason }) => `${new Date(atMs).toISOString()}  was ${recorded}, now: ${reason}`,
      ),
    ...(differences.length > SHOWN ? [`and ${differences.length - SHOWN} more; all with --json`] : []),
  ];
  return lines.map((line) => `${line}\n`).join('');
}
