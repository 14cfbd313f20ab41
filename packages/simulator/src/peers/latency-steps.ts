/**
 * One task more or less by the age of the oldest waiting job, as hosted autoscalers for job queues do; the figures are
 * Judoscale's where it documents them.
 */
import type { SimulatedPolicy } from '../policy.ts';

/** Metrics are reported, and the algorithm runs, every ten seconds. */
const EVERY_SECONDS = 10;
/** Default downscale delay, before the first step down and between steps. */
const DOWN_DELAY_SECONDS = 600;
/** The target range is the operator's. Assumed: up from half the objective, down below a quarter. */
const UP_SHARE = 0.5;
const DOWN_SHARE = 0.25;
const GRACE_SECONDS = 30;

/**
 * Up by one when the oldest waiting job is older than the range, again only after a task has had time to start (the
 * advice for "upscale frequency"); down by one when it was younger than the range for ten minutes, and every ten
 * minutes while it stays so.
 */
export function latencySteps(): SimulatedPolicy {
  return {
    name: 'latency-steps',
    description: 'One task more or less by the oldest wait, every 10 s, down after 600 s (as Judoscale)',
    sources: [
      'https://judoscale.com/docs/autoscaling-responsiveness',
      'https://judoscale.com/docs/tuning-your-application',
      'https://judoscale.com/guides/autoscaling-behavior/',
    ],
    everySeconds: EVERY_SECONDS,
    signal: 'queue',
    removal: { graceSeconds: GRACE_SECONDS },
    start({ objectiveSeconds, startupSeconds, minTasks, maxTasks }) {
      let raisedSeconds = -Infinity;
      let calmSinceSeconds: number | undefined;
      return ({ nowSeconds, desired, oldestAgeSeconds }) => {
        if (oldestAgeSeconds >= objectiveSeconds * DOWN_SHARE) calmSinceSeconds = undefined;
        else calmSinceSeconds ??= nowSeconds;
        const mayRaise = nowSeconds - raisedSeconds >= startupSeconds && desired < maxTasks;
        if (oldestAgeSeconds > objectiveSeconds * UP_SHARE && mayRaise) {
          raisedSeconds = nowSeconds;
          return desired + 1;
        }
        const isCalm = calmSinceSeconds !== undefined && nowSeconds - calmSinceSeconds >= DOWN_DELAY_SECONDS;
        if (isCalm && desired > minTasks) {
          calmSinceSeconds = nowSeconds;
          return desired - 1;
        }
        return Math.min(Math.max(desired, minTasks), maxTasks);
      };
    },
  };
}
