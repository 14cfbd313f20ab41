/** `longshore autoscaler log`: decisions of the past, and those that come. */
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { serviceNamed } from '@longshore/fleet';
import { formatDuration, isLongshoreError, LongshoreError, sleep } from '@longshore/job';
import type { Ledger, ScalingRecord } from '@longshore/ledger';
import { FLEET_OPTION, defineCommand, type Command } from '../command.ts';
import { EXIT_OK } from '../exit-code.ts';
import { listenForInterruption } from '../interruption.ts';
import { loadFleet } from '../load-fleet.ts';
import { decisionsOf, Follower, type DecisionQuery } from '../scaling/decision-pages.ts';
import { decisionLine } from '../scaling/decision-text.ts';
import { openScalingLedger } from '../scaling/open-scaling-ledger.ts';
import { recordedDecision } from '../scaling/recorded-decision.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { textWidth } from '../terminal/text-width.ts';

const DEFAULT_LAST_MS = 3_600_000;
/** Decisions come every few seconds. */
const LOOK_EVERY_MS = 2_000;

/** The command. */
export const log: Command = defineCommand({
  name: 'log',
  summary: 'Show when and why the number of tasks changed',
  description: [
    'Times are UTC. A line a change, oldest first; with --all also the decisions that changed nothing.',
  ],
  positionals: [
    {
      name: 'service',
      description: 'Service of the fleet (default: all)',
      isOptional: true,
      completes: 'services',
    },
  ],
  options: {
    last: { type: 'duration', description: 'How far back (default 1h)' },
    all: { type: 'boolean', short: 'a', description: 'Also decisions that changed nothing' },
    follow: { type: 'boolean', short: 'f', description: 'Go on with new ones until Ctrl-C' },
    svg: { type: 'text', placeholder: 'file', description: 'Write a chart of one service here' },
    fleet: FLEET_OPTION,
  },
  examples: [
    { command: 'longshore autoscaler log', note: 'Changes of the last hour' },
    {
      command: 'longshore autoscaler log pdf-extraction --last 10m --all',
      note: 'Every decision on one service',
    },
    { command: 'longshore autoscaler log --follow', note: 'As they come' },
    {
      command: 'longshore autoscaler log pdf-extraction --last 24h --svg scaling.svg',
      note: 'A day as a chart: tasks asked for, tasks that ran, jobs that waited',
    },
  ],
  async run({ values, positionals: [service], terminal, env, cwd }) {
    const { last = DEFAULT_LAST_MS, svg, follow } = values;
    if (svg !== undefined && (service === undefined || follow)) {
      const what = follow ? '--svg and --follow do not go together' : '--svg draws one service: name it';
      throw new LongshoreError('invalid_options', `Cannot run "longshore autoscaler log": ${what}`);
    }
    if (service !== undefined) serviceNamed((await loadFleet({ cwd, path: values.fleet })).fleet, service);
    const nowMs = Date.now();
    const query: DecisionQuery = {
      ...(service === undefined ? {} : { service }),
      fromMs: nowMs - last,
      toMs: nowMs + 1,
      changesOnly: !values.all,
    };
    await using ledger = await openScalingLedger({ env, cwd, fleet: values.fleet });
    if (svg !== undefined) await drawLog(ledger, query, resolve(cwd, svg));
    const show = shower(terminal, values.json);
    if (follow) return await followLog(ledger, query, show, terminal);
    const records = await Array.fromAsync(decisionsOf(ledger, query));
    if (records.length > 0) show(records);
    else if (values.json) terminal.json({ decisions: [] });
    else terminal.write(`${await emptyText(ledger, query, last)}\n`);
    if (svg !== undefined) terminal.write(terminal.style.dim(`Chart: ${svg}\n`));
    return EXIT_OK;
  },
});

type Show = (records: readonly ScalingRecord[]) => void;

/** Shows records as they come; the column of services only ever widens. */
function shower(terminal: Terminal, json: boolean): Show {
  let serviceColumns = 0;
  return (records) => {
    serviceColumns = Math.max(serviceColumns, ...records.map(({ service }) => textWidth(service)));
    for (const record of records) {
      if (json) terminal.json(record);
      else {
        const screen = terminal.data;
        terminal.data.write(
          decisionLine(recordedDecision(record), { serviceColumns, nowMs: Date.now(), screen }),
        );
      }
    }
  };
}

/** Ctrl-C is how following ends, so it ends well. So does a reader that goes away. */
async function followLog(
  ledger: Ledger,
  query: DecisionQuery,
  show: Show,
  terminal: Terminal,
): Promise<number> {
  using interruption = listenForInterruption();
  const signal = AbortSignal.any([interruption.signal, terminal.outputClosed]);
  const follower = new Follower(ledger, query);
  let isFirst = true;
  while (!signal.aborted) {
    try {
      show(await follower.next(Date.now()));
      isFirst = false;
    } catch (error) {
      // A ledger that is away for a moment is asked again; one that never answered is a wrong setting.
      if (isFirst || !isLongshoreError(error, 'ledger_unavailable')) throw error;
      terminal.write(terminal.style.dim(`${error.message}, trying again\n`));
    }
    await sleep(LOOK_EVERY_MS, { signal });
  }
  return EXIT_OK;
}

async function drawLog(ledger: Ledger, query: DecisionQuery, path: string): Promise<void> {
  const { scalingChart } = await import('@longshore/simulator');
  const records = await Array.fromAsync(decisionsOf(ledger, { ...query, changesOnly: false }));
  const points = records.map((record) => {
    const { atMs, desired, inputs } = recordedDecision(record);
    const { running, backlog } = inputs;
    return {
      atMs,
      desired,
      ...(running === undefined ? {} : { running }),
      ...(backlog === undefined ? {} : { backlog }),
    };
  });
  const svg = scalingChart(query.service ?? '', points);
  try {
    await writeFile(path, svg);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new LongshoreError(
      'invalid_options',
      `Cannot write the chart to "${path}": ${reason} (check --svg)`,
      {
        cause: error,
        details: { path },
      },
    );
  }
}

/** What an empty log means: nothing changed, nothing was recorded in that time, or nothing ever was. */
async function emptyText(ledger: Ledger, query: DecisionQuery, lastMs: number): Promise<string> {
  const on = query.service === undefined ? '' : ` on ${query.service}`;
  const within = formatDuration(lastMs);
  const held = await ledger.scaling({ ...query, changesOnly: false, limit: 1 });
  if (held.length > 0)
    return `No change${on} in the last ${within}: every decision kept the count (see them with --all)`;
  const [latest] = await ledger.scaling({
    ...query,
    changesOnly: false,
    fromMs: 0,
    order: 'newest',
    limit: 1,
  });
  if (latest === undefined)
    return `No decision${on} is recorded in this ledger yet: the autoscaler writes one every few seconds where it runs with the same LONGSHORE_LEDGER`;
  const ago = formatDuration(query.toMs - latest.atMs);
  return `No decision${on} in the last ${within}; the latest one is ${ago} old (see it with a longer --last)`;
}
