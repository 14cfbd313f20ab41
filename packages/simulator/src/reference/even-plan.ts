/** The plan of the most even rate that keeps every job within its time, rounded up to whole tasks. */
import { meanServiceSeconds, type Scenario } from '../engine/scenario.ts';
import { tautString } from './taut-string.ts';

/** Share of the objective that the plan uses; the rest is for service times that are not the mean. */
const OBJECTIVE_SHARE = 0.85;

/** Tasks that must run in each second: a taut string between what has arrived and what must be done. */
export function evenPlan(arrivals: Uint32Array, scenario: Scenario): Uint16Array {
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
