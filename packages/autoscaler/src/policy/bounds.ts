/** The bounds that a wished-for count goes through, in order; each that changes it is named. */
import type { TargetFacts } from '../ports.ts';
import type { LimitName, Outlook, PinFacts } from './decision.ts';
import type { ScalingSpec } from './spec.ts';
import { affordableTasks, type SpendingMemory } from './spending.ts';

/** What bounds need to know. */
export interface BoundsInput {
  readonly spec: ScalingSpec;
  readonly target: TargetFacts;
  readonly outlook: Outlook | undefined;
  readonly pin: PinFacts | undefined;
  readonly spending: SpendingMemory;
  /** Whether earlier tasks fail to come up. */
  readonly isShort: boolean;
}

/** The count within all bounds. `limits` gets the names of those that changed it. */
export function withinBounds(wished: number, input: BoundsInput, limits: LimitName[]): number {
  const { spec, target, outlook, pin, spending, isShort } = input;
  let desired = wished;
  const atLeast = (least: number, limit: LimitName): void => {
    if (desired >= least) return;
    desired = least;
    limits.push(limit);
  };
  const atMost = (most: number, limit: LimitName): void => {
    if (desired <= most) return;
    desired = most;
    limits.push(limit);
  };
  if (pin === undefined) {
    atLeast(outlook?.minTasks ?? 0, 'calendar');
  } else if (pin.tasks !== desired) {
    desired = pin.tasks;
    limits.push('pinned');
  }
  if (isShort) atMost(Math.max(target.desired, spec.min), 'no_capacity');
  if (spec.stepUp !== undefined) atMost(target.desired + spec.stepUp, 'step');
  if (spec.stepDown !== undefined) atLeast(target.desired - spec.stepDown, 'step');
  if (spec.taskHoursPerDay !== undefined)
    atMost(Math.max(spec.min, affordableTasks(spending, spec.taskHoursPerDay)), 'budget');
  if (target.isDeploying === true) atLeast(target.desired, 'deployment');
  // A target that drains tells tasks to finish before it lets them go; another one would end what they do.
  if (target.canDrain !== true) atLeast(target.busyTasks, 'busy_tasks');
  return withinFleet(desired, spec, limits);
}

/** The count within the fleet's own bounds, which nothing overrules. */
export function withinFleet(wished: number, { min, max }: ScalingSpec, limits: LimitName[]): number {
  if (wished < min) {
    limits.push('min');
    return min;
  }
  if (wished > max) {
    limits.push('max');
    return max;
  }
  return wished;
}
