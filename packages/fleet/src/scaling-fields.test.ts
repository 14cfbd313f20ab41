import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allocate, type TaskWish } from './allocate.ts';
import { calendarAt } from './calendar-at.ts';
import { defineFleet } from './define-fleet.ts';
import { feasibility } from './feasibility.ts';
import { fleetWarnings } from './fleet-warnings.ts';
import { parseFleet } from './parse-fleet.ts';
import { writtenBack } from './written-back.ts';

const mail = {
  entry: './mail.ts',
  queue: 'mail' as const,
  slots: 10,
  cpuUnits: 512,
  memoryMiB: 1_024,
  scale: { max: 20 },
  objective: { timeInQueue: '60s' },
};
const base = { name: 'post', queues: { mail: { jobs: ['send-mail', 'send-bulk'] } }, services: { mail } };
const full = {
  ...base,
  services: {
    mail: {
      ...mail,
      secrets: ['MAIL_PASSWORD', 'DATABASE_URL'],
      startup: '45s',
      serviceTime: '4s',
      priority: 80,
      scale: { max: 20, step: { up: 5, down: 2 }, idle: '5m', taskHoursPerDay: 100 },
      objective: { timeInQueue: '90s', perJob: { 'send-mail': '60s', 'send-bulk': '10m' } },
      calendar: [
        { name: 'sale', at: '2026-11-27T08:00:00Z', for: '2h', minTasks: 10 },
        { name: 'friday mailing', weekly: 'Fri 08:00 Europe/Paris', for: '30m', factor: 2.5 },
      ],
    },
  },
  pool: { cpuUnits: 2_048, memoryMiB: 8_192, instances: { max: 3 } },
};

function faultsOf(service: object, fleet: object = {}): readonly string[] {
  const parsed = parseFleet({ ...base, ...fleet, services: { mail: { ...mail, ...service } } });
  return parsed.ok ? [] : (parsed.error.details['faults'] as readonly string[]);
}

describe('what a fleet says of scaling', () => {
  it('is read in full, and written back to the same', () => {
    const fleet = defineFleet(full);
    expect(fleet.services[0]).toMatchObject({
      startupMs: 45_000,
      serviceTimeMs: 4_000,
      priority: 80,
      scale: { min: 0, max: 20, stepUp: 5, stepDown: 2, idleMs: 300_000, taskHoursPerDay: 100 },
      objective: {
        percentile: 95,
        timeInQueueMs: 90_000,
        perJobMs: { 'send-mail': 60_000, 'send-bulk': 600_000 },
      },
    });
    const again = parseFleet(writtenBack(fleet));
    expect(again.ok && again.value).toEqual(fleet);
  });

  it('is refused where it cannot be, with the remedy', () => {
    expect(faultsOf({ scale: { max: 3, step: { up: 0 }, idle: '0s', taskHoursPerDay: 0 } })).toHaveLength(3);
    expect(faultsOf({ objective: { timeInQueue: '60s', perJob: { 'send-mial': '5s' } } })).toEqual([
      'services.mail.objective.perJob.send-mial is no job of queue "mail", did you mean "send-mail"?',
    ]);
    expect(faultsOf({ calendar: [{ name: 'x', for: '2h' }] })).toEqual([
      'services.mail.calendar[0] has neither at nor weekly: give one of them',
      'services.mail.calendar[0] changes nothing: give minTasks or factor',
    ]);
    expect(
      faultsOf({ calendar: [{ name: 'x', weekly: 'Fry 8:00 Mars', for: '9d', minTasks: 99 }] }),
    ).toHaveLength(3);
    expect(faultsOf({ calendar: [{ name: 'x', at: 'tomorrow', for: '1h', factor: 2 }] })[0]).toContain(
      'at is "tomorrow", expected a time with its offset',
    );
    expect(faultsOf({ priority: 101, startup: '2h', serviceTime: '0s' })).toHaveLength(3);
    expect(faultsOf({}, { pool: { cpuUnits: 1, memoryMiB: 1, instances: { min: 9, max: 2 } } })).toHaveLength(
      3,
    );
  });
});

describe('calendarAt', () => {
  const [service] = defineFleet(full).services;
  const calendar = service?.calendar ?? [];
  const at = (time: string) => calendarAt(calendar, Date.parse(time), 120_000);

  it('names an event from before its start, so that tasks are up in time, to its end', () => {
    expect(at('2026-11-27T07:57:59Z')).toBeUndefined();
    expect(at('2026-11-27T07:58:00Z')).toEqual({ minTasks: 10, events: ['sale'] });
    expect(at('2026-11-27T09:59:59Z')).toMatchObject({ minTasks: 10 });
    expect(at('2026-11-27T10:00:00Z')).toBeUndefined();
  });

  it('keeps the time on the wall over the change to winter time', () => {
    // Friday 08:00 in Paris is 06:00 UTC in summer and 07:00 in winter.
    expect(at('2026-10-23T06:10:00Z')).toEqual({ factor: 2.5, events: ['friday mailing'] });
    expect(at('2026-10-30T06:10:00Z')).toBeUndefined();
    expect(at('2026-10-30T07:10:00Z')).toEqual({ factor: 2.5, events: ['friday mailing'] });
    expect(at('2026-10-30T06:58:30Z')).toMatchObject({ events: ['friday mailing'] });
    expect(at('2026-10-30T07:30:00Z')).toBeUndefined();
  });
});

describe('feasibility', () => {
  it('says what would do where an objective cannot be met by starting tasks', () => {
    const judged = feasibility({
      timeInQueueMs: 30_000,
      startupMs: 60_000,
      slots: 10,
      serviceMs: 4_000,
      peakArrivalsPerSecond: 25,
    });
    expect(judged).toMatchObject({ isFeasible: false, shortestObjectiveMs: 87_000, warmTasks: 11 });
    expect(judged.sentence).toBe(
      '30s in queue cannot be met by starting tasks, since a task takes 1m to start, the queue is looked at every 5s and its counts are 5s old: ask for 1m27s, keep scale.min at 11, or make the image smaller',
    );
    const warm = { timeInQueueMs: 30_000, startupMs: 60_000, minTasks: 11, slots: 10, serviceMs: 4_000 };
    expect(feasibility({ ...warm, peakArrivalsPerSecond: 25 }).isFeasible).toBe(true);
    expect(feasibility({ timeInQueueMs: 87_000, startupMs: 60_000 }).isFeasible).toBe(true);
  });

  it('never takes a longer objective, or a shorter start-up, for harder', () => {
    fc.assert(
      fc.property(fc.nat(600_000), fc.nat(600_000), fc.nat(60_000), (timeInQueueMs, startupMs, more) => {
        if (!feasibility({ timeInQueueMs, startupMs: startupMs + more }).isFeasible) return;
        expect(feasibility({ timeInQueueMs: timeInQueueMs + more, startupMs }).isFeasible).toBe(true);
      }),
    );
  });
});

describe('fleetWarnings', () => {
  it('flags every objective that cannot be met, of services and of jobs, unless the count is fixed', () => {
    const fleet = defineFleet({
      ...full,
      services: {
        mail: { ...full.services.mail, objective: { timeInQueue: '90s', perJob: { 'send-mail': '20s' } } },
      },
    });
    expect(fleetWarnings(fleet)).toMatchObject([
      {
        service: 'mail',
        code: 'infeasible_objective',
        message: expect.stringContaining('perJob.send-mail: 20s') as string,
      },
    ]);
    const fixed = defineFleet({
      ...base,
      services: { mail: { ...mail, scale: { min: 2, max: 2 }, objective: { timeInQueue: '1s' } } },
    });
    expect(fleetWarnings(fixed)).toEqual([]);
  });

  it('knows shared queues and pools that are too small', () => {
    const fleet = defineFleet({
      ...base,
      services: { mail: { ...mail, scale: { min: 9, max: 9 } }, bulk: { ...mail, memoryMiB: 9_000 } },
      pool: { cpuUnits: 1_024, memoryMiB: 4_096, instances: { max: 2 } },
    });
    expect(fleetWarnings(fleet).map(({ code, service }) => `${service} ${code}`)).toEqual([
      'mail shared_queue',
      'bulk shared_queue',
      'bulk task_too_large',
      'mail pool_too_small',
    ]);
  });
});

describe('allocate', () => {
  const wish = (service: string, change: Partial<TaskWish> = {}): TaskWish => ({
    service,
    desired: 4,
    current: 0,
    priority: 50,
    cpuUnits: 512,
    memoryMiB: 1_024,
    lateness: 0,
    ...change,
  });
  const pool = { cpuUnits: 1_024, memoryMiB: 4_096, instances: 3 };
  const tasks = (wishes: readonly TaskWish[]): Record<string, number> =>
    Object.fromEntries(allocate(wishes, pool).map(({ service, tasks: count }) => [service, count]));

  it('serves the higher priority first, then the later one', () => {
    expect(tasks([wish('low'), wish('high', { priority: 90 })])).toEqual({ low: 2, high: 4 });
    expect(tasks([wish('calm'), wish('late', { lateness: 2 })])).toEqual({ calm: 2, late: 4 });
  });

  it('lets a small task go where a large one does not fit, and says what is missing', () => {
    const grants = allocate(
      [
        wish('large', { priority: 90, cpuUnits: 1_024, desired: 5 }),
        wish('small', { cpuUnits: 128, desired: 2 }),
      ],
      { ...pool, cpuUnits: 1_200 },
    );
    expect(grants).toEqual([
      { service: 'large', tasks: 3, missing: 'cpu' },
      { service: 'small', tasks: 2 },
    ]);
  });

  const wishes = fc
    .array(
      fc.record({
        desired: fc.nat(12),
        current: fc.nat(3),
        priority: fc.nat(100),
        cpuUnits: fc.constantFrom(128, 256, 512, 1_024),
        memoryMiB: fc.constantFrom(128, 1_024, 4_096),
        lateness: fc.double({ min: 0, max: 5, noNaN: true }),
      }),
      { maxLength: 6 },
    )
    .map((list) => list.map((each, index) => ({ ...each, service: `s${index}` })));

  it('grants nobody more than it wants, takes nothing that is wanted, and grants all where there is room', () => {
    fc.assert(
      fc.property(wishes, fc.nat(10), (list, instances) => {
        for (const [index, { tasks: granted, missing }] of allocate(list, { ...pool, instances }).entries()) {
          const { desired = 0, current = 0 } = list[index] ?? {};
          expect(granted).toBeLessThanOrEqual(desired);
          expect(granted).toBeGreaterThanOrEqual(Math.min(current, desired));
          expect(missing === undefined).toBe(granted === desired);
        }
        for (const grant of allocate(list, { ...pool, instances: 100 }))
          expect(grant.missing).toBeUndefined();
      }),
    );
  });

  it('never puts more on the instances than they hold, beyond what runs already', () => {
    fc.assert(
      fc.property(wishes, fc.nat(10), (list, instances) => {
        const fresh = list.map((each) => ({ ...each, current: 0 }));
        const grants = allocate(fresh, { ...pool, instances });
        const used = (size: (each: TaskWish) => number): number =>
          fresh.reduce((sum, each, index) => sum + size(each) * (grants[index]?.tasks ?? 0), 0);
        expect(used(({ cpuUnits }) => cpuUnits)).toBeLessThanOrEqual(pool.cpuUnits * instances);
        expect(used(({ memoryMiB }) => memoryMiB)).toBeLessThanOrEqual(pool.memoryMiB * instances);
      }),
    );
  });

  it('gives no service less for a higher priority', () => {
    fc.assert(
      fc.property(wishes, fc.nat(10), (list, instances) => {
        const [first] = list;
        if (first === undefined) return;
        const raised = [{ ...first, priority: first.priority + 1_000 }, ...list.slice(1)];
        const before = allocate(list, { ...pool, instances })[0]?.tasks ?? 0;
        expect(allocate(raised, { ...pool, instances })[0]?.tasks).toBeGreaterThanOrEqual(before);
      }),
    );
  });
});
