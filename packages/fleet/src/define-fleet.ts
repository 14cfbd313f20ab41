/** The door for fleets written in TypeScript: names of queues are checked by the compiler, the rest at start. */
import type { Fleet } from './fleet.ts';
import type { FleetInput } from './input.ts';
import { parseFleet } from './parse-fleet.ts';

/**
 * Checks a fleet and fills in its defaults. A service's `queue` must be a key of `queues`, or it does not compile.
 *
 * @throws LongshoreError `invalid_fleet` with every fault at once: a line each in the message, and `details.faults`.
 * @example
 * ```ts
 * import { defineFleet } from '@longshore/fleet';
 *
 * export default defineFleet({
 *   name: 'post',
 *   queues: { mail: { jobs: ['send-mail'] } },
 *   services: {
 *     mail: {
 *       entry: './services/mail/src/main.ts',
 *       queue: 'mail',
 *       slots: 10,
 *       cpuUnits: 256,
 *       memoryMiB: 512,
 *       scale: { max: 4 },
 *       objective: { timeInQueue: '60s' },
 *     },
 *   },
 * });
 * ```
 */
export function defineFleet<const QueueName extends string>(input: FleetInput<QueueName>): Fleet {
  const parsed = parseFleet(input);
  if (!parsed.ok) throw parsed.error;
  return parsed.value;
}
