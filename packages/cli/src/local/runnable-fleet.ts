/** What of a fleet can run on this machine. */
import type { Fleet } from '@longshore/fleet';
import type { Environment } from '@longshore/launch';

/**
 * The fleet without the services that lack a secret, which would only fail to start again and again, and without the
 * queues that nobody works on then.
 */
export function runnableFleet(fleet: Fleet, env: Environment): Fleet {
  const services = fleet.services.filter(({ secrets }) =>
    secrets.every((secret) => (env[secret] ?? '') !== ''),
  );
  const queues = fleet.queues.filter(({ name }) => services.some(({ queue }) => queue === name));
  return { ...fleet, services, queues };
}
