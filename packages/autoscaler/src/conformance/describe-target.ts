/**
 * The conformance suite of scaling targets, for vitest: one text for every target. What a target declares that it cannot
 * do is skipped with the reason it gives.
 *
 * Nothing here measures time: a count is awaited, and what must never happen is looked for at every step on the way.
 */
import { afterEach, beforeEach, describe, expect, it, vi, type TestContext } from 'vitest';
import type { ScalingTarget, TargetFacts } from '../ports.ts';

/** A target with two services that have no task yet, and a hand on its tasks. */
export interface OpenTarget {
  readonly target: ScalingTarget;
  readonly services: readonly [string, string];
  /** Ids of the service's live tasks, oldest first; those that drain are among them. A task that is started again has a new id. */
  tasks(service: string): Promise<readonly string[]>;
  /** How many tasks of the service were ever started, those that are gone included. */
  started(service: string): Promise<number>;
  /** Gives a running task a job that lasts until {@link OpenTarget.makeIdle}; resolves when the target can know of it. */
  makeBusy(service: string, task: string): Promise<void>;
  /** Ends the task's job; resolves when the target can know of it. A task that is gone is none of its business. */
  makeIdle(service: string, task: string): Promise<void>;
  /** Ends a task at once, as a crash would. */
  kill(service: string, task: string): Promise<void>;
  /** Lets some time pass: a few milliseconds of real time, or a step of the virtual clock that the target lives on. */
  settle(): Promise<void>;
  /** The time on the clock that the target was given. */
  nowMs(): number;
  /** Another target on the same tasks, as after a restart of the controller; the first one is not used any more. */
  reopen(): Promise<ScalingTarget>;
  /** Ends every task and what else was opened. */
  close(): Promise<void>;
}

/** A target under test. */
export interface TargetUnderTest {
  readonly name: string;
  readonly open: () => Promise<OpenTarget>;
  /** Reasons by the name of the case that this target cannot pass. */
  readonly skips?: Readonly<Partial<Record<'unknownService' | 'secondTarget', string>>>;
  /** Longest wait for a count. Default 20,000. */
  readonly patienceMs?: number;
}

const DEFAULT_PATIENCE_MS = 20_000;
/** Looks at a state that must not change. */
const WATCHES = 10;

/** Declares the suite for a target. Call it at the top level of a test file. */
export function describeTarget(suite: TargetUnderTest): void {
  const { name, open, skips = {}, patienceMs = DEFAULT_PATIENCE_MS } = suite;
  describe(`${name} as a scaling target`, () => {
    let opened: OpenTarget;
    let target: ScalingTarget;
    let mail = '';
    let bulk = '';
    const asked = new Map<string, number>();
    beforeEach(async () => {
      asked.clear();
      opened = await open();
      target = opened.target;
      [mail, bulk] = opened.services;
    });
    afterEach(() => opened.close());

    const skipIf = (context: TestContext, reason: string | undefined): void =>
      context.skip(reason !== undefined, reason);
    const ask = async (service: string, count: number): Promise<void> => {
      asked.set(service, count);
      await target.apply(service, count);
    };
    /** One tick as the controller makes it: what is not desired yet is asked for again. */
    const look = async (service = mail): Promise<TargetFacts> => {
      await opened.settle();
      const seen = await target.observe(service);
      const count = asked.get(service);
      if (count !== undefined && seen.desired !== count) await target.apply(service, count);
      return seen;
    };
    const alive = async (service = mail): Promise<number> => (await opened.tasks(service)).length;
    /** Waits for facts; `watch` sees every observation on the way. */
    const reaches = async (
      facts: Partial<TargetFacts>,
      service = mail,
      watch?: (seen: TargetFacts) => void | Promise<void>,
    ): Promise<void> => {
      let broken: unknown;
      await vi.waitFor(
        async () => {
          const seen = await look(service);
          try {
            await watch?.(seen);
          } catch (error) {
            broken = error;
            return;
          }
          expect(seen).toMatchObject(facts);
        },
        { timeout: patienceMs, interval: 5 },
      );
      if (broken !== undefined) throw broken;
    };
    const livesAt = async (count: number, service = mail): Promise<void> => {
      await vi.waitFor(
        async () => {
          await look(service);
          expect(await alive(service)).toBe(count);
        },
        { timeout: patienceMs, interval: 5 },
      );
    };
    /** Looks a few times, with time in between, that something stays true. */
    const stays = async (check: () => Promise<void>): Promise<void> => {
      for (let watch = 0; watch < WATCHES; watch += 1) {
        await look();
        await check();
      }
    };
    const scaledTo = async (count: number, service = mail): Promise<readonly string[]> => {
      await ask(service, count);
      await reaches({ desired: count, running: count, pending: 0 }, service);
      return opened.tasks(service);
    };
    const taskAt = (tasks: readonly string[], index: number): string => {
      const task = tasks.at(index);
      if (task === undefined) throw new Error(`There is no task ${index} of ${tasks.length}`);
      return task;
    };

    describe('observing', () => {
      it('sees nothing of a service that was never scaled', async () => {
        const { desired, running, pending, busyTasks, busySlots, draining, shortage, isDeploying } =
          await target.observe(mail);
        expect({ desired, running, pending, busyTasks, busySlots }).toEqual({
          desired: 0,
          running: 0,
          pending: 0,
          busyTasks: 0,
          busySlots: 0,
        });
        expect(draining ?? 0).toBe(0);
        expect(shortage).toBeUndefined();
        expect(isDeploying ?? false).toBe(false);
      });

      it('tells the time of each observation on the clock that it was given', async () => {
        const beforeMs = opened.nowMs();
        const first = await target.observe(mail);
        await opened.settle();
        const second = await target.observe(mail);
        expect(first.atMs).toBeGreaterThanOrEqual(beforeMs);
        expect(second.atMs).toBeGreaterThanOrEqual(first.atMs);
        expect(second.atMs).toBeLessThanOrEqual(opened.nowMs());
      });

      it('counts each task once, as starting or as running, and never more than were asked for', async () => {
        await ask(mail, 3);
        expect((await target.observe(mail)).desired).toBe(3);
        await reaches({ desired: 3, running: 3, pending: 0 }, mail, ({ running, pending }) =>
          expect(running + pending).toBeLessThanOrEqual(3),
        );
        expect(await alive()).toBe(3);
      });

      it('tells which tasks are busy, and when they no longer are', async () => {
        const tasks = await scaledTo(2);
        await opened.makeBusy(mail, taskAt(tasks, 0));
        await reaches({ running: 2, busyTasks: 1 });
        expect((await target.observe(mail)).busySlots).toBeGreaterThanOrEqual(1);
        await opened.makeIdle(mail, taskAt(tasks, 0));
        await reaches({ running: 2, busyTasks: 0, busySlots: 0 });
      });

      it('changes nothing', async () => {
        await scaledTo(1);
        await Promise.all(Array.from({ length: 10 }, () => target.observe(mail)));
        await stays(async () => {
          expect(await target.observe(mail)).toMatchObject({ desired: 1, running: 1, pending: 0 });
        });
        expect(await opened.started(mail)).toBe(1);
      });
    });

    describe('scaling out', () => {
      it('is asked for an absolute count: asking again, or twice at once, changes nothing', async () => {
        await Promise.all([ask(mail, 2), ask(mail, 2)]);
        await ask(mail, 2);
        await reaches({ desired: 2, running: 2, pending: 0 });
        await ask(mail, 2);
        await stays(async () => {
          expect(await target.observe(mail)).toMatchObject({ desired: 2, running: 2, pending: 0 });
        });
        expect(await opened.started(mail)).toBe(2);
      });

      it('starts no more than are missing while others are still starting', async () => {
        await ask(mail, 1);
        await ask(mail, 2);
        await ask(mail, 4);
        await reaches({ desired: 4, running: 4, pending: 0 });
        expect(await opened.started(mail)).toBe(4);
        expect(await alive()).toBe(4);
      });

      it('ends at the last count when the mind changes at once', async () => {
        await ask(mail, 3);
        await ask(mail, 0);
        await ask(mail, 1);
        await livesAt(1);
        await reaches({ desired: 1, running: 1, pending: 0 });
        expect(await alive()).toBe(1);
      });

      it('replaces a task that dies', async () => {
        const tasks = await scaledTo(2);
        const dead = taskAt(tasks, 0);
        await opened.kill(mail, dead);
        await vi.waitFor(
          async () => {
            const { desired, running } = await look();
            expect({ desired, running }).toEqual({ desired: 2, running: 2 });
            const now = await opened.tasks(mail);
            expect(now).toHaveLength(2);
            expect(now).not.toContain(dead);
          },
          { timeout: patienceMs, interval: 5 },
        );
        expect(await opened.tasks(mail)).toContain(taskAt(tasks, 1));
        expect(await opened.started(mail)).toBe(3);
      });

      it('does not replace a task that died while it was leaving', async () => {
        const tasks = await scaledTo(1);
        await opened.makeBusy(mail, taskAt(tasks, 0));
        await ask(mail, 0);
        await opened.kill(mail, taskAt(tasks, 0));
        await livesAt(0);
        await stays(async () => {
          expect(await target.observe(mail)).toMatchObject({ desired: 0, running: 0, pending: 0 });
          expect(await alive()).toBe(0);
        });
      });
    });

    describe('scaling in', () => {
      it('stops as many tasks as are asked for, and starts none', async () => {
        await scaledTo(4);
        await ask(mail, 2);
        await reaches({ desired: 2, running: 2, pending: 0 }, mail, async () => {
          expect(await alive()).toBeGreaterThanOrEqual(2);
        });
        await livesAt(2);
        await stays(async () => expect(await alive()).toBe(2));
        expect(await opened.started(mail)).toBe(4);
      });

      it('goes to none and comes back', async () => {
        await scaledTo(2);
        await ask(mail, 0);
        await reaches({ desired: 0, running: 0, pending: 0, busyTasks: 0, busySlots: 0 });
        await livesAt(0);
        await scaledTo(1);
        expect(await opened.started(mail)).toBe(3);
      });

      it.each([
        ['oldest', 0],
        ['youngest', -1],
      ])('spares a busy task, the %s of three', async (_which, index) => {
        const busy = taskAt(await scaledTo(3), index);
        await opened.makeBusy(mail, busy);
        await reaches({ busyTasks: 1 });
        await ask(mail, 1);
        await livesAt(1);
        expect(await opened.tasks(mail)).toEqual([busy]);
        await stays(async () => {
          expect(await opened.tasks(mail)).toEqual([busy]);
          expect(await target.observe(mail)).toMatchObject({ running: 1, busyTasks: 1 });
        });
        expect(await opened.started(mail)).toBe(3);
      });

      it('lets a busy task that must leave finish first', async () => {
        const busy = taskAt(await scaledTo(2), 0);
        await opened.makeBusy(mail, busy);
        await reaches({ busyTasks: 1 });
        await ask(mail, 0);
        await livesAt(1);
        await stays(async () => {
          expect(await opened.tasks(mail)).toEqual([busy]);
        });
        await opened.makeIdle(mail, busy);
        await livesAt(0);
        await reaches({ desired: 0, running: 0, pending: 0 });
      });

      it('leaves as many as were asked for when more than those are busy', async () => {
        const tasks = await scaledTo(3);
        for (const task of tasks.slice(0, 2)) await opened.makeBusy(mail, task);
        await reaches({ busyTasks: 2 });
        await ask(mail, 1);
        await livesAt(2);
        await stays(async () => {
          expect([...(await opened.tasks(mail))].sort()).toEqual(tasks.slice(0, 2).sort());
        });
        for (const task of tasks.slice(0, 2)) await opened.makeIdle(mail, task);
        await livesAt(1);
        await stays(async () => expect(await alive()).toBe(1));
        expect(await opened.started(mail)).toBe(3);
      });

      it('does not exceed the count when it goes up again while tasks drain', async () => {
        const tasks = await scaledTo(2);
        for (const task of tasks) await opened.makeBusy(mail, task);
        await reaches({ busyTasks: 2 });
        await ask(mail, 0);
        await opened.settle();
        await ask(mail, 2);
        const within = ({ running, pending }: TargetFacts): void =>
          expect(running + pending).toBeLessThanOrEqual(2);
        await reaches({ desired: 2, running: 2, pending: 0 }, mail, within);
        for (const task of tasks) await opened.makeIdle(mail, task);
        await livesAt(2);
        await reaches({ desired: 2, running: 2, pending: 0 }, mail, within);
        expect(await opened.started(mail)).toBeLessThanOrEqual(4);
      });
    });

    describe('several services', () => {
      it('are kept apart when they are scaled and observed at the same time', async () => {
        await Promise.all([ask(mail, 2), ask(bulk, 1), target.observe(mail)]);
        await Promise.all([
          reaches({ running: 2, pending: 0 }, mail),
          reaches({ running: 1, pending: 0 }, bulk),
        ]);
        const [ofMail, ofBulk] = await Promise.all([opened.tasks(mail), opened.tasks(bulk)]);
        expect(new Set([...ofMail, ...ofBulk]).size).toBe(3);
        await opened.makeBusy(bulk, taskAt(ofBulk, 0));
        await reaches({ busyTasks: 1 }, bulk);
        expect(await target.observe(mail)).toMatchObject({ busyTasks: 0 });
        await Promise.all([ask(mail, 0), ask(bulk, 2), target.observe(bulk)]);
        await Promise.all([livesAt(0, mail), reaches({ running: 2, pending: 0 }, bulk)]);
        expect(await opened.started(mail)).toBe(2);
        expect(await opened.started(bulk)).toBe(2);
      });
    });

    describe('refusals', () => {
      it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])(
        'refuses the count %s and leaves everything as it is',
        async (count) => {
          await scaledTo(1);
          await expect(target.apply(mail, count)).rejects.toMatchObject({
            code: 'invalid_options',
            message: expect.stringContaining(String(count)) as unknown,
          });
          await stays(async () => {
            expect(await target.observe(mail)).toMatchObject({ desired: 1, running: 1, pending: 0 });
          });
          expect(await opened.started(mail)).toBe(1);
        },
      );

      it('refuses a service that it does not know, by its name', async (context) => {
        skipIf(context, skips.unknownService);
        const refusal = {
          name: 'LongshoreError',
          code: expect.any(String) as unknown,
          message: expect.stringContaining('no-such-service') as unknown,
        };
        await expect(target.observe('no-such-service')).rejects.toMatchObject(refusal);
        await expect(target.apply('no-such-service', 1)).rejects.toMatchObject(refusal);
      });
    });

    describe('a second target on the same tasks', () => {
      it('sees the counts that the first one left', async (context) => {
        skipIf(context, skips.secondTarget);
        const tasks = await scaledTo(3);
        await opened.makeBusy(mail, taskAt(tasks, 1));
        await reaches({ busyTasks: 1 });
        target = await opened.reopen();
        expect(await target.observe(mail)).toMatchObject({ desired: 3, running: 3, pending: 0 });
        await reaches({ desired: 3, running: 3, pending: 0, busyTasks: 1 });
        expect(await target.observe(bulk)).toMatchObject({ desired: 0, running: 0, pending: 0 });
        expect(await opened.started(mail)).toBe(3);
      });

      it('goes on where the first one stopped', async (context) => {
        skipIf(context, skips.secondTarget);
        const tasks = await scaledTo(3);
        const busy = taskAt(tasks, -1);
        await opened.makeBusy(mail, busy);
        await reaches({ busyTasks: 1 });
        target = await opened.reopen();
        await reaches({ busyTasks: 1 });
        await ask(mail, 1);
        await livesAt(1);
        expect(await opened.tasks(mail)).toEqual([busy]);
        await scaledTo(2);
        expect(await opened.started(mail)).toBe(4);
      });
    });
  });
}
