/** One line of advice after a simulation: the cheapest policy that holds the objective, or why none does. */
import { feasibility } from '@longshore/fleet';
import { comparedResults, type ComparedResult } from './compared-results.ts';
import { countText, percentText, ratioText, secondsText } from './number-text.ts';
import type { SimulationResult } from '../result.ts';

/** What the results are judged by. */
export interface AdviceOptions {
  /** Name of the clairvoyant policy. */
  readonly reference: string;
  readonly objectiveSeconds: number;
  /** Jobs of this percentile must keep the objective, 0 to 100. */
  readonly percentile: number;
  /** 90th percentile from the start of a task to its first job. */
  readonly startupSeconds: number;
  readonly maxTasks: number;
}

/** The advice. */
export interface Advice {
  /** `holds`: take that policy. `missed`: the reference holds the objective, no policy does. `infeasible`: nothing can. */
  readonly kind: 'holds' | 'missed' | 'infeasible';
  /** The policy to take, or the one that comes closest. Absent when only the reference was simulated. */
  readonly policy?: string;
  /** One sentence. */
  readonly text: string;
}

/**
 * Advice from the results of one trace.
 *
 * @throws LongshoreError `invalid_options` when results cannot be compared or a figure is impossible.
 */
export function advice(results: readonly SimulationResult[], options: AdviceOptions): Advice {
  const compared = comparedResults(results, options.reference);
  const allowed = 1 - options.percentile / 100;
  const policies = compared.filter(({ isReference }) => !isReference);
  const holding = policies.filter(({ lateShare }) => lateShare <= allowed).toSorted(byCost);
  const [cheapest] = holding;
  const reference = compared.find(({ isReference }) => isReference);
  const canBeHeld = reference !== undefined && reference.lateShare <= allowed;
  if (cheapest !== undefined) {
    const doubt = canBeHeld ? '' : '; the reference itself is late too often, so costs say little here';
    const found = holds(cheapest, holding, options);
    return { ...found, text: `${found.text}${doubt}` };
  }
  const closest = policies.toSorted((one, other) => one.lateShare - other.lateShare)[0];
  const by = closest === undefined ? {} : { policy: closest.result.policy };
  const near =
    closest === undefined
      ? ''
      : `; ${closest.result.policy} comes closest with ${percentText(closest.lateShare)} late`;
  const none = `No policy holds ${goal(options)}`;
  return canBeHeld
    ? { kind: 'missed', ...by, text: `${none}${near}: ${remedy([reference, closest], options)}` }
    : {
        kind: 'infeasible',
        ...by,
        text: `${none}, not even one that knows the future: ${remedy([reference, closest], options)}`,
      };
}

function holds(cheapest: ComparedResult, holding: readonly ComparedResult[], options: AdviceOptions): Advice {
  const { policy, killedBusy } = cheapest.result;
  const cost = `${ratioText(cheapest.costVsReference)} the clairvoyant cost, ${percentText(cheapest.lateShare)} late`;
  const text = `${policy} is the cheapest policy that holds ${goal(options)}: ${cost}`;
  if (killedBusy === 0) return { kind: 'holds', policy, text: `${text}, no job killed` };
  const safe = holding.find(({ result }) => result.killedBusy === 0);
  const killed = `${countText(killedBusy)} ${killedBusy === 1 ? 'job' : 'jobs'} killed at work`;
  const without =
    safe === undefined
      ? 'every policy that holds it kills jobs'
      : `${safe.result.policy} kills none at ${ratioText(safe.costVsReference)}`;
  return { kind: 'holds', policy, text: `${text}, but ${killed}; ${without}` };
}

/** What stands in the way, the plainest cause first. */
function remedy(
  [reference, closest]: readonly (ComparedResult | undefined)[],
  { objectiveSeconds, startupSeconds, maxTasks }: AdviceOptions,
): string {
  const isAtMost = (compared: ComparedResult | undefined): boolean =>
    compared !== undefined && compared.result.peakTasks >= maxTasks;
  const more = `the load needs more than ${countText(maxTasks)} tasks: raise the most tasks, or allow a longer wait`;
  if (isAtMost(reference)) return more;
  const judged = feasibility({ timeInQueueMs: objectiveSeconds * 1_000, startupMs: startupSeconds * 1_000 });
  if (!judged.isFeasible) return judged.sentence;
  if (isAtMost(closest)) return more;
  return `the load rises faster than tasks start, in ${secondsText(startupSeconds)}: keep tasks warm with a higher minimum, use a smaller image, or allow a longer wait`;
}

function goal({ objectiveSeconds, percentile }: AdviceOptions): string {
  return `${secondsText(objectiveSeconds)} for ${percentile} % of the jobs`;
}

function byCost(one: ComparedResult, other: ComparedResult): number {
  return (one.costVsReference ?? Infinity) - (other.costVsReference ?? Infinity);
}
