import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { isLongshoreError } from '@longshore/job';
import { defineFleet } from './define-fleet.ts';
import { parseFleet } from './parse-fleet.ts';

const mail = {
  entry: './services/mail/src/main.ts',
  queue: 'mail' as const,
  slots: 10,
  cpuUnits: 256,
  memoryMiB: 512,
  scale: { max: 4 },
  objective: { timeInQueue: '60s' },
};
const fleet = { name: 'post', queues: { mail: { jobs: ['send-mail'] } }, services: { mail } };

function faultsOf(input: unknown): readonly string[] {
  const parsed = parseFleet(input);
  if (parsed.ok) return [];
  expect(parsed.error.code).toBe('invalid_fleet');
  const found = parsed.error.details['faults'];
  if (!Array.isArray(found)) throw new Error('The error carries no faults');
  for (const fault of found) expect(parsed.error.message).toContain(String(fault));
  return found.map(String);
}

/** Faults of the good fleet with one queue or service field changed. */
const faultsWithQueue = (change: object): readonly string[] =>
  faultsOf({ ...fleet, queues: { mail: { jobs: ['send-mail'], ...change } } });
const faultsWithService = (change: object): readonly string[] =>
  faultsOf({ ...fleet, services: { mail: { ...mail, ...change } } });

function fleetWithMistypedQueue(): unknown {
  return defineFleet({
    name: 'post',
    queues: { mail: { jobs: ['send-mail'] } },
    // @ts-expect-error "male" is no queue of this fleet
    services: { mail: { ...mail, queue: 'male' } },
  });
}

describe('defineFleet', () => {
  it('fills in every default, in milliseconds', () => {
    expect(defineFleet(fleet)).toEqual({
      name: 'post',
      queues: [
        { name: 'mail', jobs: ['send-mail'], leaseMs: 30_000, maxReceives: 20, retentionMs: 345_600_000 },
      ],
      services: [
        {
          ...mail,
          name: 'mail',
          scale: { min: 0, max: 4, idleMs: 120_000 },
          objective: { percentile: 95, timeInQueueMs: 60_000 },
          startupMs: 30_000,
          serviceTimeMs: 1_000,
          priority: 50,
          calendar: [],
          drainMs: 25_000,
          secrets: [],
        },
      ],
    });
  });

  it('keeps what is written', () => {
    const { queues, services } = defineFleet({
      name: 'post',
      queues: {
        mail: { jobs: ['send-mail', 'send-bulk'], lease: '1m30s', maxReceives: 5, retention: '14d' },
      },
      services: {
        mail: {
          ...mail,
          scale: { min: 1, max: 9 },
          objective: { percentile: 99, timeInQueue: '5m' },
          drain: '110s',
        },
      },
    });
    expect(queues[0]).toMatchObject({ leaseMs: 90_000, maxReceives: 5, retentionMs: 1_209_600_000 });
    expect(services[0]).toMatchObject({
      scale: { min: 1, max: 9 },
      objective: { percentile: 99, timeInQueueMs: 300_000 },
      drainMs: 110_000,
    });
  });

  it('lets a service work only on a declared queue, at compile time too', () => {
    expect(fleetWithMistypedQueue).toThrow(
      'services.mail.queue is "male", which is no queue of the fleet, did you mean "mail"?',
    );
  });

  it('cannot be changed afterwards', () => {
    const defined = defineFleet(fleet);
    const parts = [defined, defined.queues, defined.services, ...defined.queues, ...defined.services];
    for (const part of parts) expect(Object.isFrozen(part)).toBe(true);
    expect(Object.isFrozen(defined.queues[0]?.jobs)).toBe(true);
    expect(Object.isFrozen(defined.services[0]?.scale)).toBe(true);
    expect(Object.isFrozen(defined.services[0]?.objective)).toBe(true);
  });
});

describe('parseFleet', () => {
  it('reports every fault at once, each with path, value and remedy', () => {
    const found = faultsOf({
      name: 'Post Office',
      queues: {
        mail: { jobs: ['send-mail'], leas: '30s', maxReceives: 0 },
        bulk: { jobs: ['send-mail', 'Send'], lease: 30, retention: '15d' },
        idle: { jobs: ['nothing'] },
      },
      services: {
        mail: { ...mail, slots: 0, scale: { min: 5, max: 2 }, drain: '2m', objective: {} },
        bulk: { ...mail, queue: 'bulks', entry: 'main.ts', cpuUnits: 64, memoryMiB: 1e9 },
        extra: { ...mail, queue: 'bulk' },
      },
      version: 1,
    });
    expect(found).toEqual([
      'version is no field here, expected name, queues, services, pool',
      'name is "Post Office", expected lower-case words joined by hyphens, up to 32 characters',
      'queues.mail.leas is no field here, did you mean "lease"?',
      'queues.mail.maxReceives is 0, expected a whole number from 1 to 1000',
      'queues.bulk.jobs[1] is "Send", expected lower-case words joined by hyphens, up to 80 characters',
      'queues.bulk.lease is 30, expected a duration from "1s" to "12h" (SQS holds a message for 12 hours at most)',
      'queues.bulk.retention is "15d", expected a duration from "1m" to "14d" (SQS keeps messages for 14 days at most)',
      'services.mail.slots is 0, expected a whole number from 1 to 1000',
      'services.mail.scale.min is 5, above max 2: lower min or raise max',
      'services.mail.objective.timeInQueue is missing, expected a duration from "1s" to "14d"',
      `services.mail.drain is "2m", expected a duration from "1s" to below "2m" (Fargate's stop timeout ends at 120 s)`,
      'services.bulk.queue is "bulks", which is no queue of the fleet, did you mean "bulk"?',
      'services.bulk.entry is "main.ts", expected a relative path of a module, such as "./services/mail/src/main.ts"',
      'services.bulk.cpuUnits is 64, expected a whole number from 128 to 196608 (1024 units are one vCPU)',
      'services.bulk.memoryMiB is 1000000000, expected a whole number from 128 to 1048576',
      'Job "send-mail" is on the queues "mail" and "bulk": name it on one of them',
      'Queue "idle" has no service, so its jobs would wait forever: add a service with queue: "idle"',
    ]);
  });

  it.each([
    [{ lease: '999ms' }, 'queues.mail.lease is "999ms"'],
    [{ lease: '12h1s' }, 'queues.mail.lease is "12h1s"'],
    [{ lease: 'soon' }, 'queues.mail.lease is "soon"'],
    [{ lease: null }, 'queues.mail.lease is null'],
    [{ maxReceives: 1001 }, 'queues.mail.maxReceives is 1001'],
    [{ maxReceives: 1.5 }, 'queues.mail.maxReceives is 1.5'],
    [{ maxReceives: '20' }, 'queues.mail.maxReceives is "20"'],
    [{ retention: '59s' }, 'queues.mail.retention is "59s"'],
    [{ jobs: [] }, 'queues.mail.jobs is [], expected a list with at least one entry'],
    [{ jobs: 'send-mail' }, 'queues.mail.jobs is "send-mail"'],
    [{ jobs: ['send-mail', 'send-mail'] }, 'queues.mail.jobs[1] repeats "send-mail"'],
    [{ jobs: [7] }, 'queues.mail.jobs[0] is 7'],
  ])('refuses the queue field %o', (change, fault) => {
    expect(faultsWithQueue(change)).toEqual([expect.stringContaining(fault)]);
  });

  it.each([
    [{ slots: NaN }, 'services.mail.slots is NaN'],
    [{ slots: undefined }, 'services.mail.slots is missing'],
    [{ slots: 1001 }, 'services.mail.slots is 1001'],
    [{ cpuUnits: 127 }, 'services.mail.cpuUnits is 127'],
    [{ memoryMiB: 64 }, 'services.mail.memoryMiB is 64'],
    [{ scale: 4 }, 'services.mail.scale is 4, expected an object with min, max'],
    [{ scale: { max: Infinity } }, 'services.mail.scale.max is Infinity'],
    [{ scale: { min: -1, max: 4 } }, 'services.mail.scale.min is -1'],
    [{ scale: { max: 4, mx: 4 } }, 'services.mail.scale.mx is no field here, did you mean "max"?'],
    [{ objective: undefined }, 'services.mail.objective is missing'],
    [{ objective: { timeInQueue: '0s' } }, 'services.mail.objective.timeInQueue is "0s"'],
    [{ objective: { timeInQueue: '4d' } }, 'services.mail.objective.timeInQueue is not below the retention'],
    [{ objective: { timeInQueue: '60s', percentile: 100 } }, 'services.mail.objective.percentile is 100'],
    [{ drain: '120s' }, 'services.mail.drain is "120s"'],
    [{ drain: '500ms' }, 'services.mail.drain is "500ms"'],
    [{ secrets: ['mail-password'] }, 'services.mail.secrets[0] is "mail-password"'],
    [{ secrets: ['URL', 'URL'] }, 'services.mail.secrets[1] repeats "URL"'],
    [{ entry: '/etc/main.ts' }, 'services.mail.entry is "/etc/main.ts"'],
    [{ entry: './main' }, 'services.mail.entry is "./main"'],
    [{ entry: () => './main.ts' }, 'services.mail.entry is a function'],
  ])('refuses the service field %o', (change, fault) => {
    expect(faultsWithService(change)).toEqual([expect.stringContaining(fault)]);
  });

  it.each([
    ['Mail', 'Queue name is "Mail"'],
    ['mail-', 'Queue name is "mail-"'],
    ['__proto__', 'Queue name is "__proto__"'],
    ['a'.repeat(41), `Queue name is "${'a'.repeat(41)}"`],
    ['mail-dlq', 'Queue name "mail-dlq" ends in "-dlq"'],
    ['facts', 'Queue name "facts" is kept for the workers'],
  ])('refuses the queue name %s', (name, fault) => {
    const queues = JSON.parse(`{ "${name}": { "jobs": ["send-mail"] } }`) as unknown;
    expect(faultsOf({ ...fleet, queues, services: { mail: { ...mail, queue: name } } })).toEqual([
      expect.stringContaining(fault),
    ]);
  });

  it.each([undefined, null, 7, 'fleet', [], () => fleet])('answers %o with one fault', (input) => {
    expect(faultsOf(input)).toHaveLength(1);
  });

  it('takes a fleet without queues for two faults, not for a fault of each service', () => {
    expect(faultsOf({ ...fleet, queues: {} })).toEqual([
      'queues is {}, expected an object with at least one queue',
      'services.mail.queue is "mail", which is no queue of the fleet, the fleet has no queues',
    ]);
  });

  it('never throws, whatever it is given', () => {
    fc.assert(
      fc.property(
        fc.anything({ withNullPrototype: true, withBigInt: true, withSparseArray: true }),
        (value) => {
          for (const input of [value, { ...fleet, queues: value }, { ...fleet, services: { mail: value } }]) {
            const parsed = parseFleet(input);
            expect(parsed.ok || isLongshoreError(parsed.error, 'invalid_fleet')).toBe(true);
          }
        },
      ),
    );
  });

  it('reads its own output shape from JSON', () => {
    expect(parseFleet(JSON.parse(JSON.stringify(fleet)))).toMatchObject({
      ok: true,
      value: { name: 'post' },
    });
  });
});
