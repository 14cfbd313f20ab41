/**
 * A target tracking policy of AWS Application Auto Scaling on one metric: two alarms on points of a minute, proportional
 * going out, careful going in.
 */
import { consecutivePoints } from './consecutive-points.ts';
import { scalingCooldown, type CooldownOptions } from './scaling-cooldown.ts';

/** The alarms that the service makes: `AlarmHigh` wants three points above the target, `AlarmLow` fifteen below. */
const HIGH_POINTS = 3;
const LOW_POINTS = 15;
/** Going in waits until the metric is below the target by more than a tenth, as documented ("usually"). */
const LOW_SHARE = 0.9;
/** How gradual "more gradually" is, is not published: at most a fifth at a time is assumed. */
const GRADUAL_SHARE = 0.2;

/** Options of {@link trackedTarget}. */
export interface TrackedTargetOptions extends CooldownOptions {
  /** Value that the metric is to have, above 0. */
  readonly target: number;
  /** Going in: at most a fifth at a time, or at once to what the metric asks for. */
  readonly scaleIn: 'gradual' | 'proportional';
}

/** A minute's point of the metric; undefined when there is none. */
export interface MetricPoint {
  readonly nowSeconds: number;
  readonly desired: number;
  readonly value: number | undefined;
}

/** Takes one point a minute; answers with a new count, or with undefined where the policy is not ready to change it. */
export function trackedTarget(options: TrackedTargetOptions): (point: MetricPoint) => number | undefined {
  const { target, scaleIn } = options;
  const isHigh = consecutivePoints(HIGH_POINTS, (value) => value > target);
  const isLow = consecutivePoints(LOW_POINTS, (value) => value < target * LOW_SHARE);
  const cooldown = scalingCooldown(options);

  return ({ nowSeconds, desired, value }) => {
    const [mustGrow, mayShrink] = [isHigh(value), isLow(value)];
    if (value === undefined) return undefined;
    const proportional = (capacity: number): number => Math.ceil((capacity * value) / target);
    if (mustGrow) return cooldown.scaleOut({ nowSeconds, desired, wanted: proportional });
    if (!mayShrink) return undefined;
    const gradual = (capacity: number): number =>
      Math.max(proportional(capacity), capacity - Math.max(Math.floor(capacity * GRADUAL_SHARE), 1));
    return cooldown.scaleIn({
      nowSeconds,
      desired,
      wanted: scaleIn === 'gradual' ? gradual : proportional,
    });
  };
}
