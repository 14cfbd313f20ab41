/**
 * Cooldowns of one scaling policy of AWS Application Auto Scaling, as its reference describes them for
 * `StepScalingPolicyConfiguration` and `TargetTrackingScalingPolicyConfiguration`: during the one for going out, what the
 * first activity added counts as part of the next, so that only a larger one adds its difference; the one for going in
 * blocks, and ends when something goes out.
 */

/** Seconds of cooldown for going out and in, and the scalable target's capacity limits. */
export interface CooldownOptions {
  readonly outSeconds: number;
  readonly inSeconds: number;
  readonly minTasks: number;
  readonly maxTasks: number;
}

/** A change that an alarm asks for. */
export interface ScalingRequest {
  readonly nowSeconds: number;
  /** Tasks asked for at present. */
  readonly desired: number;
  /** The count that the policy wants where it finds `capacity` tasks. */
  readonly wanted: (capacity: number) => number;
}

/** Both directions answer with a new count, or with undefined where nothing changes. */
export interface ScalingCooldown {
  scaleOut(request: ScalingRequest): number | undefined;
  scaleIn(request: ScalingRequest): number | undefined;
}

/** The cooldowns of one policy, with the memory of its activities. */
export function scalingCooldown(options: CooldownOptions): ScalingCooldown {
  const { outSeconds, inSeconds, minTasks, maxTasks } = options;
  let outUntilSeconds = -Infinity;
  let outFrom = 0;
  let inUntilSeconds = -Infinity;

  return {
    scaleOut({ nowSeconds, desired, wanted }) {
      const isCooling = nowSeconds < outUntilSeconds;
      const count = Math.min(wanted(isCooling ? outFrom : desired), maxTasks);
      if (count <= desired) return undefined;
      if (!isCooling) {
        outFrom = desired;
        outUntilSeconds = nowSeconds + outSeconds;
      }
      inUntilSeconds = -Infinity;
      return count;
    },
    scaleIn({ nowSeconds, desired, wanted }) {
      const count = Math.max(wanted(desired), minTasks);
      if (nowSeconds < inUntilSeconds || count >= desired) return undefined;
      inUntilSeconds = nowSeconds + inSeconds;
      return count;
    },
  };
}
