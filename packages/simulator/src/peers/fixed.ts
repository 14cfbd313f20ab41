/**
 * Fleets that never change, for scale: what the mean of the trace needs, and what its busiest minute needs. Both know
 * the whole trace beforehand, which nobody does.
 */
import type { SimulatedPolicy } from '../policy.ts';

const MINUTE_SECONDS = 60;

/** As many tasks as the mean of the arrivals needs, rounded up. */
export function fixedAtMean(arrivals: Uint32Array): SimulatedPolicy {
  const total = arrivals.reduce((sum, count) => sum + count, 0);
  return fixedAt('fixed-mean', 'the mean demand', total / Math.max(arrivals.length, 1));
}

/** As many tasks as the arrivals of the busiest minute need, rounded up. */
export function fixedAtPeak(arrivals: Uint32Array): SimulatedPolicy {
  let busiest = 0;
  for (let start = 0; start < arrivals.length; start += MINUTE_SECONDS) {
    const minute = arrivals.subarray(start, start + MINUTE_SECONDS);
    busiest = Math.max(busiest, minute.reduce((sum, count) => sum + count, 0) / minute.length);
  }
  return fixedAt('fixed-peak', 'the demand of the busiest minute', busiest);
}

function fixedAt(name: string, what: string, ratePerSecond: number): SimulatedPolicy {
  return {
    name,
    description: `As many tasks, always, as ${what} needs`,
    sources: ['Little’s law: busy slots = arrival rate × service time'],
    everySeconds: MINUTE_SECONDS,
    signal: 'queue',
    removal: 'drain',
    start({ slots, serviceMeanSeconds, minTasks, maxTasks }) {
      const needed = Math.ceil((ratePerSecond * serviceMeanSeconds) / slots);
      const tasks = Math.min(Math.max(needed, minTasks, 1), maxTasks);
      return () => tasks;
    },
  };
}
