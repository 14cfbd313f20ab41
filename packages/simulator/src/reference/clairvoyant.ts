/**
 * The clairvoyant reference: what a scaler that knows all arrivals and the mean service time would ask for.
 *
 * It works off the demand at the most even rate that keeps every job within 85 % of the objective (a taut string through
 * the corridor between what has arrived and what must be done), in whole tasks, asked for one start-up early. It is run in
 * the same simulation as everybody else. It is near the optimum and no proven bound; {@link workBound} is one.
 */
import type { SimulatedPolicy } from '../policy.ts';
import { meanServiceSeconds, type Scenario } from '../engine/scenario.ts';
import { tautString } from './taut-string.ts';

/** Share of the objective that the plan uses; the rest is for service times that are not the mean. */
const OBJECTIVE_SHARE = 0.85;
/** A start-up takes its median times this, for planning: about the 90th percentile at a sigma of 0.2. */
const STARTUP_MARGIN = 1.3;

/** Task-seconds that no scaler can go below: the jobs' own slot-seconds. */
export function workBound(arrivals: Uint32Array, scenario: Scenario): number {
  const jobs = arrivals.reduce((sum, count) => sum + count, 0);
  return (jobs * meanServiceSeconds(scenario)) / scenario.slots;
}

/** Tasks that must run in each second. */
export function clairvoyantPlan(arrivals: Uint32Array, scenario: Scenario): Uint16Array {
  const delay = Math.max(1, Math.floor(scenario.objectiveSeconds * OBJECTIVE_SHARE));
  const perJob = meanServiceSeconds(scenario) / scenario.slots;
  const steps = arrivals.length + delay;
  const upper = new Float64Array(steps + 1);
  const lower = new Float64Array(steps + 1);
  let arrived = 0;
  for (let second = 0; second < steps; second += 1) {
    arrived += (arrivals[second] ?? 0) * perJob;
    upper[second + 1] = arrived;
    if (second + 1 + delay <= steps) lower[second + 1 + delay] = arrived;
  }
  const rates = tautString(lower, upper);
  return Uint16Array.from(rates, (rate) => Math.min(scenario.maxTasks, Math.ceil(rate - 1e-6)));
}

/** The reference as a policy on these arrivals. */
export function clairvoyant(arrivals: Uint32Array, scenario: Scenario): SimulatedPolicy {
  const plan = clairvoyantPlan(arrivals, scenario);
  const early = Math.ceil(scenario.startupSeconds * STARTUP_MARGIN);
  return {
    name: 'clairvoyant',
    description: 'Knows every arrival: the most even rate that keeps the objective, in whole tasks',
    sources: ['Davies and Kovac 2001, Local extremes, runs, strings and multiresolution'],
    everySeconds: 1,
    signal: 'queue',
    removal: 'drain',
    start: () => {
      const soon = slidingMost(plan, early);
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
