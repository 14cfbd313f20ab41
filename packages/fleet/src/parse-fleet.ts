/**
 * Checks a fleet that comes from outside (a JSON file, a module's default export) and fills in its defaults.
 *
 * All faults are reported at once. What holds between the parts (a job on one queue, every queue served, an objective
 * below the retention) is checked here too, so that a `Fleet` in hand is a fleet that can run.
 */
import { LongshoreError } from '@longshore/job';
import { faults, type Faults } from './faults.ts';
import type { Fleet, FleetQueue, FleetService } from './fleet.ts';
import * as limits from './limits.ts';
import { didYouMean } from './nearest.ts';
import { parseCalendar } from './parse-calendar.ts';
import { parseExpectations, parseObjective, parsePool, parseScale } from './parse-scaling.ts';
import { Section } from './section.ts';

/** Result of {@link parseFleet}. */
export type ParsedFleet =
  | { readonly ok: true; readonly value: Fleet }
  | { readonly ok: false; readonly error: LongshoreError };

const WORDS = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const VARIABLE = /^[A-Z][A-Z0-9_]{0,127}$/;
const ENTRY = /^\.{1,2}\/.*[^/]\.[cm]?[jt]s$/;
const FLEET_KEYS = ['name', 'queues', 'services', 'pool'];
const QUEUE_KEYS = ['jobs', 'lease', 'maxReceives', 'retention'];
const SERVICE_KEYS = [
  'entry',
  'queue',
  'slots',
  'cpuUnits',
  'memoryMiB',
  'scale',
  'objective',
  'startup',
  'serviceTime',
  'priority',
  'calendar',
  'drain',
  'secrets',
];

/**
 * A checked and frozen fleet, or one `invalid_fleet` error with every fault, each a line of the message and an entry of
 * `details.faults`. Never throws.
 */
export function parseFleet(input: unknown): ParsedFleet {
  const found = faults();
  const root = new Section(input, '', FLEET_KEYS, found);
  const name = root.text('name', namedAs(limits.MAX_FLEET_NAME_CHARACTERS), (text) =>
    isName(text, limits.MAX_FLEET_NAME_CHARACTERS),
  );
  const queues = root
    .entries('queues', 'an object with at least one queue')
    .map(([key, value]) => parseQueue(key, value, found));
  const services = root
    .entries('services', 'an object with at least one service')
    .map(([key, value]) => parseService(key, value, queues, found));
  const pool = root.has('pool') ? parsePool(root, found) : undefined;
  checkJobs(queues, found);
  checkQueuesServed(queues, services, found);
  if (found.list.length === 0)
    return { ok: true, value: frozen({ name, queues, services, ...(pool === undefined ? {} : { pool }) }) };
  const count = found.list.length === 1 ? '1 fault' : `${found.list.length} faults`;
  const title = name === '' ? 'Cannot use the fleet' : `Cannot use fleet "${name}"`;
  const message = `${title}, ${count}:\n${found.list.map((fault) => `  ${fault}`).join('\n')}`;
  return {
    ok: false,
    error: new LongshoreError('invalid_fleet', message, { details: { faults: found.list } }),
  };
}

function parseQueue(name: string, value: unknown, found: Faults): FleetQueue {
  checkName('Queue', name, found);
  if (name.endsWith('-dlq')) {
    found.say(
      `Queue name "${name}" ends in "-dlq", which is kept for dead-letter queues: choose another name`,
    );
  }
  if (name === limits.FACTS_QUEUE)
    found.say(`Queue name "${name}" is kept for the workers' reports: choose another name`);
  const queue = new Section(value, `queues.${name}`, QUEUE_KEYS, found);
  return {
    name,
    jobs: parseJobs(queue, found),
    leaseMs: queue.durationMs('lease', {
      min: limits.MIN_LEASE_MS,
      max: limits.MAX_LEASE_MS,
      fallback: limits.DEFAULT_LEASE_MS,
      reason: 'SQS holds a message for 12 hours at most',
    }),
    maxReceives: queue.wholeNumber('maxReceives', {
      min: 1,
      max: limits.MAX_RECEIVES,
      fallback: limits.DEFAULT_MAX_RECEIVES,
    }),
    retentionMs: queue.durationMs('retention', {
      min: limits.MIN_RETENTION_MS,
      max: limits.MAX_RETENTION_MS,
      fallback: limits.DEFAULT_RETENTION_MS,
      reason: 'SQS keeps messages for 14 days at most',
    }),
  };
}

function parseJobs(queue: Section, found: Faults): readonly string[] {
  const jobs: string[] = [];
  for (const [index, job] of queue.list('jobs').entries()) {
    const path = `${queue.path}.jobs[${index}]`;
    if (typeof job !== 'string' || !isName(job, limits.MAX_JOB_NAME_CHARACTERS)) {
      found.add(path, job, namedAs(limits.MAX_JOB_NAME_CHARACTERS));
    } else if (jobs.includes(job)) {
      found.say(`${path} repeats "${job}": name each job once`);
    } else {
      jobs.push(job);
    }
  }
  return jobs;
}

function parseService(
  name: string,
  value: unknown,
  queues: readonly FleetQueue[],
  found: Faults,
): FleetService {
  checkName('Service', name, found);
  const service = new Section(value, `services.${name}`, SERVICE_KEYS, found);
  const queue = service.text('queue', 'the name of a queue', (text) => text !== '');
  const known = queues.find((candidate) => candidate.name === queue);
  if (known === undefined && queue !== '') {
    const names = queues.map((candidate) => candidate.name);
    const remedy = didYouMean(queue, names) || `, the fleet has ${quoted(names) || 'no queues'}`;
    found.say(`${service.path}.queue is "${queue}", which is no queue of the fleet${remedy}`);
  }
  const task = {
    name,
    entry: service.text(
      'entry',
      'a relative path of a module, such as "./services/mail/src/main.ts"',
      (text) => ENTRY.test(text),
    ),
    queue,
    slots: service.wholeNumber('slots', { min: 1, max: limits.MAX_SLOTS }),
    cpuUnits: service.wholeNumber('cpuUnits', {
      min: limits.MIN_CPU_UNITS,
      max: limits.MAX_CPU_UNITS,
      reason: '1024 units are one vCPU',
    }),
    memoryMiB: service.wholeNumber('memoryMiB', { min: limits.MIN_MEMORY_MIB, max: limits.MAX_MEMORY_MIB }),
  };
  const scale = parseScale(service, found);
  return {
    ...task,
    scale,
    objective: parseObjective(service, known, found),
    ...parseExpectations(service),
    calendar: parseCalendar(service, scale.max, found),
    drainMs: service.durationMs('drain', {
      min: limits.MIN_DRAIN_MS,
      below: limits.DRAIN_CEILING_MS,
      fallback: limits.DEFAULT_DRAIN_MS,
      reason: "Fargate's stop timeout ends at 120 s",
    }),
    secrets: parseSecrets(service, found),
  };
}

function parseSecrets(service: Section, found: Faults): readonly string[] {
  if (!service.has('secrets')) return [];
  const secrets: string[] = [];
  for (const [index, secret] of service.list('secrets').entries()) {
    const path = `${service.path}.secrets[${index}]`;
    if (typeof secret !== 'string' || !VARIABLE.test(secret))
      found.add(path, secret, 'the name of an environment variable, such as "DATABASE_URL"');
    else if (secrets.includes(secret)) found.say(`${path} repeats "${secret}": name each secret once`);
    else secrets.push(secret);
  }
  return secrets;
}

function checkJobs(queues: readonly FleetQueue[], found: Faults): void {
  const queueOf = new Map<string, string>();
  for (const { name, jobs } of queues) {
    for (const job of jobs) {
      const other = queueOf.get(job);
      if (other === undefined) queueOf.set(job, name);
      else found.say(`Job "${job}" is on the queues "${other}" and "${name}": name it on one of them`);
    }
  }
}

function checkQueuesServed(
  queues: readonly FleetQueue[],
  services: readonly FleetService[],
  found: Faults,
): void {
  for (const { name } of queues) {
    if (services.some((service) => service.queue === name)) continue;
    found.say(
      `Queue "${name}" has no service, so its jobs would wait forever: add a service with queue: "${name}"`,
    );
  }
}

function checkName(what: string, name: string, found: Faults): void {
  if (isName(name, limits.MAX_NAME_CHARACTERS)) return;
  found.say(`${what} name is "${name}", expected ${namedAs(limits.MAX_NAME_CHARACTERS)}`);
}

function isName(text: string, maxCharacters: number): boolean {
  return text.length <= maxCharacters && WORDS.test(text);
}

function namedAs(maxCharacters: number): string {
  return `lower-case words joined by hyphens, up to ${maxCharacters} characters`;
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(', ');
}

function frozen(fleet: Fleet): Fleet {
  for (const queue of fleet.queues) {
    Object.freeze(queue.jobs);
    Object.freeze(queue);
  }
  for (const service of fleet.services) {
    Object.freeze(service.scale);
    if (service.objective.perJobMs !== undefined) Object.freeze(service.objective.perJobMs);
    Object.freeze(service.objective);
    for (const event of service.calendar) Object.freeze(event);
    Object.freeze(service.calendar);
    Object.freeze(service.secrets);
    Object.freeze(service);
  }
  if (fleet.pool !== undefined) Object.freeze(fleet.pool);
  Object.freeze(fleet.queues);
  Object.freeze(fleet.services);
  return Object.freeze(fleet);
}
