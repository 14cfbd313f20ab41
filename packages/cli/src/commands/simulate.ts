/** `longshore simulate`: scaling policies on arrivals of the past, or on made-up ones, before anything is changed. */
import { resolve } from 'node:path';
import { serviceNamed, type FleetService } from '@longshore/fleet';
import { LongshoreError } from '@longshore/job';
import type { SimulatedJobType, Trace } from '@longshore/simulator';
import { FLEET_OPTION, defineCommand, type Command } from '../command.ts';
import { EXIT_OK } from '../exit-code.ts';
import { loadFleet } from '../load-fleet.ts';
import type { WorldOptions } from '../simulate/simulated-world.ts';

const DAY_MS = 86_400_000;
const MAX_SLOTS = 10_000;
const MAX_TASKS = 10_000;
/** As much as three days show nearly everything that repeats, and are simulated in half a minute. */
const DEFAULT_WINDOW_MS = 259_200_000;

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
    replay: {
      type: 'boolean',
      description: "Decide again on the autoscaler's own recording of --last (default 24h)",
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
      command: 'longshore simulate --replay --last 24h --objective 30s',
      note: "Where yesterday's decisions would have been others",
    },
    {
      command: 'longshore simulate --trace load.csv --policies longshore,keda-default --json',
      note: 'Two policies on your own figures, for a script',
    },
  ],
  async run({ values, terminal, env, cwd }) {
    if (values.replay) {
      checkReplay(values);
      const { replayPast } = await import('../simulate/replay-past.ts');
      const { service, last: lastMs = DAY_MS, objective, max, min, json } = values;
      await replayPast({
        env,
        cwd,
        fleet: values.fleet,
        service,
        lastMs,
        objective,
        max,
        min,
        json,
        terminal,
      });
      return EXIT_OK;
    }
    checkSources(values);
    const service =
      values.service === undefined
        ? undefined
        : serviceNamed((await loadFleet({ cwd, path: values.fleet })).fleet, values.service);
    const { trace, jobTypes } = await readPast({ values, service, env, cwd });
    const [{ simulatedWorld }, { drawArrivals }, { runPolicies }, { showResults }] = await Promise.all([
      import('../simulate/simulated-world.ts'),
      import('../simulate/draw-arrivals.ts'),
      import('../simulate/run-policies.ts'),
      import('../simulate/show-results.ts'),
    ]);
    const world = simulatedWorld(values, service, jobTypes);
    const { policies, chart, json, rate } = values;
    const windowSeconds = Math.max(1, Math.round((values.window ?? DEFAULT_WINDOW_MS) / 1_000));
    const isSynthetic = values.synthetic !== undefined;
    const arrivals = drawArrivals({ trace, isSynthetic, scenario: world.scenario, windowSeconds, rate });
    const options = { trace: trace.name, arrivals, scenario: world.scenario };
    const results = runPolicies({ ...options, policies, hasSeries: chart !== undefined, terminal });
    await showResults(results, world, {
      chart: chart === undefined ? undefined : resolve(cwd, chart),
      json,
      terminal,
    });
    return EXIT_OK;
  },
});

interface SimulateValues extends WorldOptions {
  readonly fleet: string | undefined;
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

function checkReplay({ trace, synthetic, chart, policies }: SimulateValues): void {
  const foreign = Object.entries({ trace, synthetic, chart, policies }).filter(
    ([, value]) => value !== undefined,
  );
  if (foreign.length === 0) return;
  const names = foreign.map(([name]) => `--${name}`).join(' and ');
  throw new LongshoreError(
    'invalid_options',
    `Cannot run "longshore simulate": --replay makes recorded decisions again, ${names} cannot go with it`,
  );
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
    await using ledger = await openScalingLedger({ env, cwd, fleet: values.fleet });
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
