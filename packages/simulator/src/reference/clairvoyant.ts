/**
 * The clairvoyant reference: the cheapest run of a scaler that knows every arrival and the mean service time.
 *
 * Several plans are made of the known demand and run in the same simulation as everybody else; the cheapest one that
 * keeps the objective is the reference. It is near the optimum and no proven bound; {@link workBound} is one.
 */
import { meanServiceSeconds, type Scenario } from '../engine/scenario.ts';
import { simulate, type SimulationOptions } from '../engine/engine.ts';
import type { SimulatedPolicy } from '../policy.ts';
import type { SimulationResult } from '../result.ts';
import { deadlinePlan } from './deadline-plan.ts';
import { evenPlan } from './even-plan.ts';

/** A start-up takes its median times this, for planning: about the 90th percentile at a sigma of 0.2. */
const STARTUP_MARGIN = 1.3;
/** A plan that is late more often keeps no objective worth comparing with. */
const MOST_LATE = 0.0005;
/** Plans that give up tasks late or early, and use much or little of the objective. */
const DEADLINE_PLANS = [
  { objectiveShare: 0.85, addAheadSeconds: 30, giveUpAheadSeconds: 300 },
  { objectiveShare: 0.7, addAheadSeconds: 30, giveUpAheadSeconds: 300 },
  { objectiveShare: 0.5, addAheadSeconds: 30, giveUpAheadSeconds: 300 },
  { objectiveShare: 0.85, addAheadSeconds: 60, giveUpAheadSeconds: 600 },
  { objectiveShare: 0.6, addAheadSeconds: 60, giveUpAheadSeconds: 600 },
] as const;

/** Task-seconds that no scaler can go below: the jobs' own slot-seconds. */
export function workBound(arrivals: Uint32Array, scenario: Scenario): number {
  const jobs = arrivals.reduce((sum, count) => sum + count, 0);
  return (jobs * meanServiceSeconds(scenario)) / scenario.slots;
}

/** The reference's run. Where no plan keeps the objective, the one that is late least. */
export function clairvoyant(options: Omit<SimulationOptions, 'policy'>): SimulationResult {
  const { arrivals, scenario } = options;
  const plans = [
    evenPlan(arrivals, scenario),
    ...DEADLINE_PLANS.map((plan) => deadlinePlan(arrivals, scenario, plan)),
  ];
  const { seriesStepSeconds, ...plain } = options;
  const runs = plans.map((plan) => {
    const policy = planned(plan, scenario);
    return { policy, result: simulate({ ...plain, policy }) };
  });
  const best = runs.reduce((left, right) => (isBetter(right.result, left.result) ? right : left));
  return seriesStepSeconds === undefined ? best.result : simulate({ ...options, policy: best.policy });
}

function isBetter(result: SimulationResult, than: SimulationResult): boolean {
  const keeps = ({ late, jobs }: SimulationResult): boolean => late <= MOST_LATE * jobs;
  if (keeps(result) !== keeps(than)) return keeps(result);
  return keeps(result) ? result.taskSeconds < than.taskSeconds : result.late < than.late;
}

/** Asks for what the plan needs one start-up ahead. */
function planned(plan: Uint16Array, scenario: Scenario): SimulatedPolicy {
  const ahead = Math.ceil(scenario.startupSeconds * STARTUP_MARGIN);
  return {
    name: 'clairvoyant',
    description:
      'Knows every arrival: the cheapest of several plans of the known demand that keep the objective',
    sources: ['Davies and Kovac 2001, Local extremes, runs, strings and multiresolution'],
    everySeconds: 1,
    signal: 'queue',
    removal: 'drain',
    start: () => {
      const soon = slidingMost(plan, ahead);
      return ({ nowSeconds }) => soon[nowSeconds] ?? 0;
    },
  };
}

/** Most of the next `window` entries from each one on. */
function slidingMost(plan: Uint16Array, window: number): Uint16Array {
  const most = new Uint16Array(plan.length);
  const deque: number[] = [];
  let head = 0;
  for (let at = plan.length - 1; at >= 0; at -= 1) {
    while (deque.length > head && (plan[deque.at(-1) ?? 0] ?? 0) <= (plan[at] ?? 0)) deque.pop();
    deque.push(at);
    while ((deque[head] ?? 0) > at + window) head += 1;
    most[at] = plan[deque[head] ?? at] ?? 0;
  }
  return most;
}
