/**
 * Scaling policies on arrival traces, in a simulation: ours, its peers', and what a clairvoyant would have spent. Traces
 * by path (`timestamp,count`), or the synthetic ones that the project makes itself. Everything is seeded: the same
 * command prints the same figures on every machine.
 */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import {
  arrivalsPerSecond,
  clairvoyant,
  longshore,
  parseTrace,
  peers,
  seededRandom,
  simulate,
  syntheticTraces,
  workBound,
  EVERYDAY,
  type Scenario,
  type SimulatedPolicy,
  type SimulationResult,
  type Trace,
} from '@longshore/simulator';
import { comparisonTable, summaryTable, type Comparison } from './autoscaler/report.ts';
import { WORLDS } from './autoscaler/worlds.ts';

const USAGE = `Usage: pnpm bench autoscaler [options]

Options
  --trace <file>        a CSV with the columns timestamp,count; may be repeated, or be several files
                        (default: the synthetic traces diurnal, spikes, steps, idle-gaps, ramps)
  --service-mean <s>    mean service time in seconds (default 4)
  --service-sigma <x>   sigma of the lognormal service time (default 1)
  --slots <n>           jobs that a task runs at a time (default 10)
  --objective <s>       longest wait in the queue, seconds (default 60)
  --start <s>           median start-up time of a task, seconds (default 45)
  --mean-tasks <n>      traces are scaled to this mean demand (default 6)
  --max-tasks <n>       most tasks, for every policy (default 1000)
  --hours <n>           how much of each trace is used (default 72)
  --policies <names>    only these, with commas (default: all)
  --pod-grace <s>       termination grace of the Kubernetes peers (default 30)
  --robust              our policy in harder worlds: late signals, slow starts, noise, full pools and others
  --seed <n>            seed of arrivals, service and start-up times (default 1)
  --json                print one JSON array as the last line
  --help                show this`;

interface Choice {
  readonly traces: readonly Trace[];
  readonly scenario: Scenario;
  readonly meanTasks: number;
  readonly windowSeconds: number;
  readonly policies: readonly string[] | undefined;
  readonly podGraceSeconds: number;
  readonly robust: boolean;
  readonly seed: number;
  readonly json: boolean;
}

/** Runs the comparison and prints it. Exit code 2 for wrong options or a trace that cannot be read. */
export async function run(args: readonly string[]): Promise<void> {
  let choice: Choice | undefined;
  try {
    choice = await chosen(args);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 2;
    return;
  }
  if (choice === undefined) return;
  if (choice.robust) compareWorlds(choice);
  else compare(choice);
}

function compare(choice: Choice): void {
  const comparisons: Comparison[] = [];
  for (const trace of choice.traces) {
    const comparison = comparisonOn(trace, choice, choice.scenario, (arrivals) =>
      policiesOn(arrivals, choice),
    );
    comparisons.push(comparison);
    console.log(comparisonTable(comparison));
  }
  console.log(summaryTable(comparisons));
  if (choice.json) console.log(JSON.stringify(comparisons.flatMap(rows)));
}

/** Our policy alone, in one world after another. */
function compareWorlds(choice: Choice): void {
  const all: object[] = [];
  for (const { name, change } of WORLDS) {
    const scenario = { ...choice.scenario, ...change(choice.scenario) };
    const comparisons = choice.traces.map((trace) =>
      comparisonOn(trace, choice, scenario, () => [longshore()]),
    );
    console.log(`${name}\n${summaryTable(comparisons)}`);
    all.push(...comparisons.flatMap((each) => rows(each).map((row) => ({ world: name, ...row }))));
  }
  if (choice.json) console.log(JSON.stringify(all));
}

function comparisonOn(
  trace: Trace,
  choice: Choice,
  scenario: Scenario,
  policies: (arrivals: Uint32Array) => readonly SimulatedPolicy[],
): Comparison {
  const mean = scenario.jobTypes.reduce((sum, { share, meanSeconds }) => sum + share * meanSeconds, 0);
  const shares = scenario.jobTypes.reduce((sum, { share }) => sum + share, 0);
  const arrivals = arrivalsPerSecond(trace, {
    windowSeconds: choice.windowSeconds,
    meanRatePerSecond: (choice.meanTasks * scenario.slots * shares) / mean,
    random: seededRandom(`arrivals/${trace.name}/${choice.seed}`),
  });
  const world = { trace: trace.name, arrivals, scenario, seed: choice.seed };
  const reference = clairvoyant(world);
  const results = policies(arrivals).map((policy) => simulate({ ...world, policy }));
  return { trace: trace.name, reference, results, work: workBound(arrivals, scenario) };
}

function policiesOn(
  arrivals: Uint32Array,
  { policies, podGraceSeconds }: Choice,
): readonly SimulatedPolicy[] {
  const all = [longshore(), ...peers({ arrivals, podGraceSeconds })];
  return policies === undefined ? all : all.filter(({ name }) => policies.includes(name));
}

/** One object a policy, with the keys that readers of `--json` rely on. */
function rows({ reference, results }: Comparison): readonly object[] {
  return results.map((result) => row(result, reference));
}

function row(result: SimulationResult, reference: SimulationResult): object {
  return {
    trace: result.trace,
    policy: result.policy,
    overObjective: result.late / result.jobs,
    costVsBound: result.taskSeconds / reference.taskSeconds,
    killedBusy: result.killedBusy,
    actionsPerDay: result.actions / result.days,
    p50WaitS: result.p50WaitSeconds,
    p99WaitS: result.p99WaitSeconds,
    peakTasks: result.peakTasks,
  };
}

const OPTIONS = {
  trace: { type: 'string', multiple: true },
  'service-mean': { type: 'string', default: '4' },
  'service-sigma': { type: 'string', default: '1' },
  slots: { type: 'string', default: '10' },
  objective: { type: 'string', default: '60' },
  start: { type: 'string', default: '45' },
  'mean-tasks': { type: 'string', default: '6' },
  'max-tasks': { type: 'string', default: '1000' },
  hours: { type: 'string', default: '72' },
  policies: { type: 'string' },
  'pod-grace': { type: 'string', default: '30' },
  robust: { type: 'boolean', default: false },
  seed: { type: 'string', default: '1' },
  json: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

async function chosen(args: readonly string[]): Promise<Choice | undefined> {
  const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  if (values.help) {
    console.log(USAGE);
    return undefined;
  }
  const number = (
    name: Exclude<keyof typeof OPTIONS, 'trace' | 'policies' | 'robust' | 'json' | 'help'>,
  ): number => {
    const value = Number(values[name]);
    if (values[name].trim() === '' || !Number.isFinite(value) || value < 0)
      throw new Error(`--${name} is "${values[name]}", expected a number from 0`);
    return value;
  };
  const meanSeconds = number('service-mean');
  const files = [...(values.trace ?? []), ...positionals];
  return {
    traces: files.length === 0 ? syntheticTraces() : await Promise.all(files.map(readTrace)),
    scenario: {
      ...EVERYDAY,
      slots: number('slots'),
      objectiveSeconds: number('objective'),
      jobTypes: [{ share: 1, meanSeconds, sigma: number('service-sigma') }],
      startupSeconds: number('start'),
      maxTasks: number('max-tasks'),
      // A lease covers a job several times over, as operators are told to set it.
      leaseSeconds: Math.max(EVERYDAY.leaseSeconds, 7.5 * meanSeconds),
    },
    meanTasks: number('mean-tasks'),
    windowSeconds: Math.round(number('hours') * 3_600),
    policies: values.policies?.split(',').map((name) => name.trim()),
    podGraceSeconds: number('pod-grace'),
    robust: values.robust,
    seed: number('seed'),
    json: values.json,
  };
}

async function readTrace(file: string): Promise<Trace> {
  const name = basename(file, '.csv');
  return parseTrace(await readFile(file, 'utf8'), name);
}
