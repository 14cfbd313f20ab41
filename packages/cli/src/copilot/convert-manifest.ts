/**
 * What a worker service of AWS Copilot is in a fleet: its queue, its service, and a list of all that has no place there
 * with the reason of each. Nothing of the manifest is dropped in silence.
 */
import type { QueueInput, ServiceInput } from '@longshore/fleet';
import { objectiveOf, scaleOf } from './convert-count.ts';
import { queueOf } from './convert-queue.ts';
import { Notes, type Note } from './notes.ts';
import { isMap, type WorkerManifest } from './read-manifest.ts';

/** A service taken over. */
export interface ConvertedManifest {
  readonly queue: QueueInput;
  readonly service: ServiceInput;
  /** In the order of the manifest's fields. */
  readonly notes: readonly Note[];
}

/** Options of {@link convertManifest}. */
export interface ConvertOptions {
  /** Name of the service in the fleet. */
  readonly worker: string;
  readonly job: string;
  readonly slots: number;
}

/** Copilot's own defaults. */
const CPU_UNITS = 256;
const MEMORY_MIB = 512;

/** Fields that never carry over, with what takes their place. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  image: 'a fleet names a module, not an image: the entry is what the image is to run',
  entrypoint: 'the entry of the service is what runs',
  command: 'the entry of the service is what runs',
  platform: 'the task definition says it',
  exec: 'ECS Exec is a setting of the ECS service',
  network: 'subnets and security groups are settings of the ECS service',
  storage: 'volumes stand in the task definition; results belong in the object store',
  logging: 'workers log JSON lines to their output; the task definition says where that goes',
  sidecars: 'the task definition has them',
  taskdef_overrides: 'the task definition is yours: put them there',
  observability: 'workers have metrics of their own (/metrics)',
  deployment: 'rolling updates are a setting of the ECS service; a worker drains at SIGTERM',
  publish:
    'a handler enqueues follow-up jobs instead; publish to SNS with its own client where others listen',
  env_file: 'the variables belong in the task definition',
};

/** Converts it. Values that are out of range are left for the fleet's own check. */
export function convertManifest(
  manifest: WorkerManifest,
  { worker, job, slots }: ConvertOptions,
): ConvertedManifest {
  const notes = new Notes();
  const { fields } = manifest;
  const queue = queueOf(fields['subscribe'], job, notes);
  const scale = scaleOf(fields['count'], notes);
  const objective = objectiveOf(fields['count'], notes);
  const secrets = secretsOf(fields['secrets'], notes);
  noteVariables(fields['variables'], notes);
  const converted = ['subscribe', 'count', 'secrets', 'variables', 'cpu', 'memory'];
  for (const [field, value] of Object.entries(fields)) {
    if (converted.includes(field)) continue;
    notes.add(field, value, ELSEWHERE[field] ?? 'it is no field of a worker service that is known here');
  }
  for (const name of manifest.otherEnvironments)
    notes.add(`environments.${name}`, undefined, `it was not applied: --environment ${name} does`);
  return {
    queue,
    service: {
      entry: `./services/${worker}/src/main.ts`,
      queue: worker,
      slots,
      cpuUnits: wholeNumber(fields['cpu'], 'cpu', CPU_UNITS, notes),
      memoryMiB: wholeNumber(fields['memory'], 'memory', MEMORY_MIB, notes),
      scale,
      ...objective,
      ...(secrets.length === 0 ? {} : { secrets }),
    },
    notes: notes.all,
  };
}

function wholeNumber(value: unknown, field: string, byDefault: number, notes: Notes): number {
  if (value === undefined || value === null) return byDefault;
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  notes.add(field, value, `it is no whole number; ${byDefault}, Copilot's default, stands in the entry`);
  return byDefault;
}

const VARIABLE = /^[A-Z][A-Z0-9_]{0,127}$/;

function secretsOf(secrets: unknown, notes: Notes): readonly string[] {
  if (!isMap(secrets)) {
    if (secrets !== undefined && secrets !== null) notes.add('secrets', secrets, 'they are no map');
    return [];
  }
  const names = Object.keys(secrets);
  for (const name of names) {
    notes.add(
      `secrets.${name}`,
      secrets[name],
      VARIABLE.test(name)
        ? 'the entry has its name; where its value comes from stands in the task definition'
        : 'a fleet takes names of capital letters, digits and underscores',
    );
  }
  return names.filter((name) => VARIABLE.test(name));
}

/** A fleet file has no variables: the ones of a service are its deployment's business. */
function noteVariables(variables: unknown, notes: Notes): void {
  if (variables === undefined || variables === null) return;
  if (!isMap(variables)) return notes.add('variables', variables, 'they are no map');
  for (const [name, value] of Object.entries(variables))
    notes.add(
      `variables.${name}`,
      value,
      'set it in the task definition, or in the environment of the worker',
    );
}
