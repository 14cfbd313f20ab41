/**
 * A plan by deadlines, with every arrival known: tasks are added when jobs would be late without them and given up when
 * the rest is enough for minutes, so that a fleet goes between two whole counts as the queue fills and empties.
 */
import { meanServiceSeconds, type Scenario } from '../engine/scenario.ts';

/** How a plan uses what it knows. */
export interface DeadlinePlanOptions {
  /** Share of the objective that the plan uses. */
  readonly objectiveShare: number;
  /** How far ahead tasks must be enough, when some are added, and when some are given up. */
  readonly addAheadSeconds: number;
  readonly giveUpAheadSeconds: number;
}

const STEP_SECONDS = 5;

/** Tasks that must run in each second. */
export function deadlinePlan(
  arrivals: Uint32Array,
  scenario: Scenario,
  { objectiveShare, addAheadSeconds, giveUpAheadSeconds }: DeadlinePlanOptions,
): Uint16Array {
  const delaySteps = Math.floor((scenario.objectiveSeconds * objectiveShare) / STEP_SECONDS);
  const steps = Math.ceil(arrivals.length / STEP_SECONDS) + delaySteps + 1;
  const arrived = workByStep(arrivals, scenario, steps);
  const add = Math.max(1, Math.round(addAheadSeconds / STEP_SECONDS));
  const giveUp = Math.round(giveUpAheadSeconds / STEP_SECONDS);
  const plan = new Uint16Array(steps * STEP_SECONDS);
  let done = 0;
  let tasks = 0;
  for (let step = 0; step < steps; step += 1) {
    let needed = 0;
    let enough = 0;
    for (let ahead = 1; ahead <= giveUp; ahead += 1) {
      const due = arrived[Math.min(steps, Math.max(0, step + ahead - delaySteps))] ?? 0;
      const fewest = (due - done) / (ahead * STEP_SECONDS);
      if (fewest > enough) enough = fewest;
      if (ahead <= add && fewest > needed) needed = fewest;
    }
    if (tasks < Math.ceil(needed - 1e-9)) tasks = Math.ceil(needed - 1e-9);
    else tasks = Math.min(tasks, Math.ceil(enough - 1e-9));
    tasks = Math.min(tasks, scenario.maxTasks);
    plan.fill(tasks, step * STEP_SECONDS, (step + 1) * STEP_SECONDS);
    done = Math.min(arrived[step + 1] ?? 0, done + tasks * STEP_SECONDS);
  }
  return plan;
}

/** Task-seconds of work that have arrived by each step. */
function workByStep(arrivals: Uint32Array, scenario: Scenario, steps: number): Float64Array {
  const perJob = meanServiceSeconds(scenario) / scenario.slots;
  const arrived = new Float64Array(steps + 1);
  let sum = 0;
  for (let second = 0; second < steps * STEP_SECONDS; second += 1) {
    sum += (arrivals[second] ?? 0) * perJob;
    arrived[Math.floor(second / STEP_SECONDS) + 1] = sum;
  }
  return arrived;
}
