/** `longshore simulate`: scaling policies on arrivals of the past, or on made-up ones, before anything is changed. */
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { serviceNamed, type FleetService } from '@longshore/fleet';
import { LongshoreError } from '@longshore/job';
import type { Advice, SimulatedJobType, SimulationResult, Trace } from '@longshore/simulator';
import { FLEET_OPTION, defineCommand, type Command } from '../command.ts';
import { EXIT_OK } from '../exit-code.ts';
import { loadFleet } from '../load-fleet.ts';
import type { World, WorldOptions } from '../simulate/simulated-world.ts';
import { table, type Cell } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';

const MAX_SLOTS = 10_000;
const MAX_TASKS = 10_000;
/** As much as three days show nearly everything that repeats, and are simulated in half a minute. */
const DEFAULT_WINDOW_MS = 259_200_000;
/** Most steps of a recorded run: more would be more than a chart's columns many times over. */
const MAX_SERIES_STEPS = 86_400;

/** The command. */
export const simulateCommand: Command = defineCommand({
  name: 'simulate',
  summary: 'Try scaling policies on past or made-up arrivals',
  description: [
    'Runs this autoscaler, its peers and a reference that knows the future on the same arrivals and jobs, and says which policy holds the latency objective at the lowest cost. Nothing real is touched. The same call gives the same figures.',
    'Arrivals come from a CSV file (timestamp,count), from the ledger of the fleet (LONGSHORE_LEDGER), or are made up. With --service, what is not given comes from the fleet file; with --last, durations of jobs too come from the ledger.',
  ],
  options: {
    trace: { type: 'text', placeholder: 'file', description: 'CSV with the columns timestamp,count' },
    last: { type: 'duration', description: 'The last hours of --service in the ledger, like 24h' },
    synthetic: {
      type: 'text',
      placeholder: 'name',
      description: 'A made-up trace: diurnal, spikes, steps, idle-gaps, ramps or on-off',
    },
    service: {
      type: 'text',
      placeholder: 'name',
      description: 'Service of the fleet',
      completes: 'services',
    },
    objective: { type: 'duration', description: 'Longest wait in the queue (default 1m)' },
    max: { type: 'integer', min: 1, max: MAX_TASKS, description: 'Most tasks (default 40)' },
    min: { type: 'integer', max: MAX_TASKS, description: 'Fewest tasks (default 0)' },
    slots: {
      type: 'integer',
      min: 1,
      max: MAX_SLOTS,
      description: 'Jobs that a task runs at a time (default 10)',
    },
    'service-mean': { type: 'duration', description: 'Mean duration of a job (default 4s)' },
    startup: { type: 'duration', description: 'From the start of a task to its first job (default 45s)' },
    rate: {
      type: 'text',
      placeholder: 'n',
      description: 'Mean jobs per second (default: as in the trace; a made-up one keeps 6 tasks busy)',
    },
    window: { type: 'duration', description: 'How much of the trace is used, from its start (default 72h)' },
    policies: { type: 'text', placeholder: 'names', description: 'Only these, with commas (default: all)' },
    chart: { type: 'text', placeholder: 'file', description: 'Write a page with charts here, like out.html' },
    fleet: FLEET_OPTION,
  },
  examples: [
    { command: 'longshore simulate --synthetic diurnal --window 24h', note: 'A day of an online service' },
    {
      command: 'longshore simulate --last 24h --service pdf-extraction --objective 30s --chart out.html',
      note: 'Yesterday, with a stricter objective',
    },
    {
      command: 'longshore simulate --trace load.csv --policies longshore,keda-default --json',
      note: 'Two policies on your own figures, for a script',
    },
  ],
  async run({ values, terminal, env, cwd }) {
    checkSources(values);
    const service =
      values.service === undefined
        ? undefined
        : serviceNamed((await loadFleet({ cwd, path: values.fleet })).fleet, values.service);
    const { trace, jobTypes } = await readPast({ values, service, env, cwd });
    const { simulatedWorld } = await import('../simulate/simulated-world.ts');
    const world = simulatedWorld(values, service, jobTypes);
    const isSynthetic = values.synthetic !== undefined;
    const run = await runPolicies({ trace, isSynthetic, world, values, terminal });
    await report(run, world, { ...values, cwd }, terminal);
    return EXIT_OK;
  },
});

interface SimulateValues extends WorldOptions {
  readonly trace: string | undefined;
  readonly last: number | undefined;
  readonly synthetic: string | undefined;
  readonly service: string | undefined;
  readonly rate: string | undefined;
  readonly window: number | undefined;
  readonly policies: string | undefined;
  readonly chart: string | undefined;
  readonly json: boolean;
}

function checkSources({ trace, last, synthetic, service }: SimulateValues): void {
  const given = Object.entries({ trace, last, synthetic }).filter(([, value]) => value !== undefined);
  const faults = [
    ...(given.length === 1
      ? []
      : [
          given.length === 0
            ? 'no arrivals: give --trace, --last or --synthetic'
            : `${given.map(([name]) => `--${name}`).join(' and ')} are ${given.length} sources of arrivals, give one`,
        ]),
    ...(last !== undefined && service === undefined ? ['--last needs --service: whose past?'] : []),
  ];
  if (faults.length > 0) {
    throw new LongshoreError('invalid_options', `Cannot run "longshore simulate": ${faults.join('; ')}`, {
      details: { faults },
    });
  }
}

interface Past {
  readonly trace: Trace;
  readonly jobTypes?: readonly SimulatedJobType[];
}

async function readPast({
  values,
  service,
  env,
  cwd,
}: {
  readonly values: SimulateValues;
  readonly service: FleetService | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}): Promise<Past> {
  if (values.last !== undefined && service !== undefined) {
    const [{ openScalingLedger }, { recordedArrivals }] = await Promise.all([
      import('../scaling/open-scaling-ledger.ts'),
      import('../simulate/recorded-arrivals.ts'),
    ]);
    await using ledger = await openScalingLedger(env);
    return await recordedArrivals(ledger, { service: service.name, lastMs: values.last, nowMs: Date.now() });
  }
  const { syntheticTrace, traceFile } = await import('../simulate/read-trace.ts');
  return {
    trace:
      values.trace === undefined
        ? syntheticTrace(values.synthetic ?? '')
        : await traceFile(values.trace, cwd),
  };
}

interface Run {
  readonly trace: string;
  readonly results: readonly SimulationResult[];
}

async function runPolicies({
  trace,
  isSynthetic,
  world,
  values,
  terminal,
}: {
  readonly trace: Trace;
  readonly isSynthetic: boolean;
  readonly world: World;
  readonly values: SimulateValues;
  readonly terminal: Terminal;
}): Promise<Run> {
  const [{ clairvoyant, simulate }, { chosenPolicies, REFERENCE }, { drawArrivals }] = await Promise.all([
    import('@longshore/simulator'),
    import('../simulate/chosen-policies.ts'),
    import('../simulate/draw-arrivals.ts'),
  ]);
  const { scenario } = world;
  const windowSeconds = Math.max(1, Math.round((values.window ?? DEFAULT_WINDOW_MS) / 1_000));
  const arrivals = drawArrivals({ trace, isSynthetic, scenario, windowSeconds, rate: values.rate });
  const policies = chosenPolicies(arrivals, values.policies);
  const series =
    values.chart === undefined ? {} : { seriesStepSeconds: Math.ceil(arrivals.length / MAX_SERIES_STEPS) };
  const options = { trace: trace.name, arrivals, scenario, ...series };
  const names = [REFERENCE, ...policies.map(({ name }) => name)];
  const say = (index: number): void => {
    // Simulating blocks this process, so that the line is written before each policy and not by a timer.
    if (terminal.isInteractive)
      terminal.write(
        `\r\u001B[K${terminal.style.dim(`simulating ${names[index]} (${index + 1} of ${names.length})`)}`,
      );
  };
  say(0);
  const results = [clairvoyant(options)];
  for (const [index, policy] of policies.entries()) {
    say(index + 1);
    results.push(simulate({ ...options, policy }));
  }
  if (terminal.isInteractive) terminal.write('\r\u001B[K');
  return { trace: trace.name, results };
}

async function report(
  { trace, results }: Run,
  { scenario, percentile }: World,
  { chart, json, cwd }: { readonly chart: string | undefined; readonly json: boolean; readonly cwd: string },
  terminal: Terminal,
): Promise<void> {
  const [{ advice, resultChart, resultJson, resultTable }, { REFERENCE }] = await Promise.all([
    import('@longshore/simulator'),
    import('../simulate/chosen-policies.ts'),
  ]);
  const { objectiveSeconds, startupSeconds, maxTasks } = scenario;
  const given = advice(results, {
    reference: REFERENCE,
    objectiveSeconds,
    percentile,
    startupSeconds,
    maxTasks,
  });
  if (chart !== undefined) {
    const page = resultChart(results, {
      reference: REFERENCE,
      objectiveSeconds,
      percentile,
      note: given.text,
    });
    await writeChart(resolve(cwd, chart), page);
  }
  if (json) {
    terminal.json({
      trace,
      objectiveS: objectiveSeconds,
      results: resultJson(results, REFERENCE),
      advice: given,
    });
    return;
  }
  const { columns, rows } = resultTable(results, REFERENCE);
  const { style } = terminal.data;
  const cells = rows.map(({ cells: texts, isReference, lateShare }) =>
    texts.map((text, column): Cell => {
      if (isReference) return { text, paint: style.dim };
      const isLate = columns[column]?.header === 'late' && lateShare > 1 - percentile / 100;
      return isLate ? { text, paint: style.red } : text;
    }),
  );
  const headers = columns.map(({ header, align }) => ({ header: header.toUpperCase(), align }));
  terminal.data.write(table(headers, cells, terminal.data));
  terminal.data.write(`\n${adviceText(given, terminal)}\n`);
  if (chart !== undefined) terminal.write(terminal.style.dim(`Charts: ${chart}\n`));
}

function adviceText({ kind, text }: Advice, { data: { style } }: Terminal): string {
  return kind === 'holds' ? style.green(text) : style.yellow(text);
}

async function writeChart(path: string, page: string): Promise<void> {
  try {
    await writeFile(path, page);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new LongshoreError(
      'invalid_options',
      `Cannot write the chart to "${path}": ${reason} (check --chart)`,
      {
        cause: error,
        details: { path },
      },
    );
  }
}
