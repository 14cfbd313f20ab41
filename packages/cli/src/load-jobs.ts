/**
 * Finds job definitions: each service exports those of its jobs from the `index.ts` beside its entry, which starts
 * nothing when imported.
 */
import { access } from 'node:fs/promises';
import { dirname, extname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { queueForJob, type FleetService } from '@longshore/fleet';
import { LongshoreError, type JobDefinition } from '@longshore/job';
import type { LoadedFleet } from './load-fleet.ts';

/**
 * The definition of a job, in its highest version.
 *
 * @throws LongshoreError `unknown_job` when the fleet has no such job, `invalid_fleet` when no service exports it.
 */
export async function loadJob({ fleet, path }: LoadedFleet, name: string): Promise<JobDefinition> {
  const queue = queueForJob(fleet, name);
  // The services of the job's own queue come first: importing the others is seldom needed and takes time.
  const isOwn = (service: FleetService): boolean => service.queue === queue.name;
  const services = [...fleet.services.filter(isOwn), ...fleet.services.filter((service) => !isOwn(service))];
  const failures: string[] = [];
  const looked: string[] = [];
  for (const service of services) {
    const file = indexFile(path, service);
    if (looked.includes(file)) continue;
    looked.push(file);
    const found = (await definitionsIn(file, failures)).filter((definition) => definition.name === name);
    const highest = found.sort((one, other) => other.version - one.version)[0];
    if (highest !== undefined) return highest;
  }
  const where = looked.map((file) => `"${file}"`).join(', ');
  const message = `No definition of job "${name}": export it from ${where}${failures.length === 0 ? '' : `; ${failures.join('; ')}`}`;
  throw new LongshoreError('invalid_fleet', message, { details: { job: name, looked, failures } });
}

function indexFile(fleetPath: string, { entry }: FleetService): string {
  return join(dirname(resolve(dirname(fleetPath), entry)), `index${extname(entry)}`);
}

async function definitionsIn(file: string, failures: string[]): Promise<JobDefinition[]> {
  try {
    await access(file);
    const module = (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>;
    return Object.values(module).filter(isJobDefinition);
  } catch (error) {
    failures.push(`cannot load "${file}": ${error instanceof Error ? error.message : String(error)}`);
    return [];
  }
}

function isJobDefinition(value: unknown): value is JobDefinition {
  if (typeof value !== 'object' || value === null) return false;
  const { name, version, schema } = value as { name?: unknown; version?: unknown; schema?: unknown };
  // A schema may be an object or a function (arktype's are callable).
  const isSchema =
    (typeof schema === 'object' || typeof schema === 'function') && schema !== null && '~standard' in schema;
  return typeof name === 'string' && Number.isInteger(version) && isSchema;
}
