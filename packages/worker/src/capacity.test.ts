import type { Clock, JobCost } from '@longshore/job';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  capacity,
  mayStart,
  nextToStart,
  type Capacity,
  type CapacityFacts,
  type CapacityOptions,
} from './capacity.ts';

const MIB = 1_048_576;
const light: JobCost = { slots: 1, memoryMiB: 0 };
const cost = (memoryMiB: number, slots = 1): JobCost => ({ slots, memoryMiB });

function facts(overrides: Partial<CapacityFacts> = {}): CapacityFacts {
  return {
    slots: 4,
    running: 1,
    usedSlots: 1,
    budgetBytes: 1_000 * MIB,
    usedBytes: 100 * MIB,
    promisedBytes: 100 * MIB,
    ...overrides,
  };
}

describe('mayStart', () => {
  it.each<[string, JobCost, Partial<CapacityFacts>, boolean]>([
    ['a light job beside another', light, {}, true],
    ['the last slot', light, { usedSlots: 3 }, true],
    ['no slot left', light, { usedSlots: 4 }, false],
    ['too few slots left', cost(0, 3), { usedSlots: 2 }, false],
    ['just enough slots left', cost(0, 2), { usedSlots: 2 }, true],
    ['memory that just fits', cost(900), {}, true],
    ['memory that does not fit beside what is used', cost(901), {}, false],
    ['memory that does not fit beside what is promised', cost(500), { promisedBytes: 501 * MIB }, false],
    ['a light job while memory is short', light, { usedBytes: 1_001 * MIB }, false],
    ['more slots than there are, alone', cost(0, 100), { running: 0, usedSlots: 0 }, true],
    ['more memory than there is, alone', cost(9_999), { running: 0, usedSlots: 0 }, true],
    ['anything alone, though memory is short', light, { running: 0, usedBytes: 2_000 * MIB }, true],
  ])('%s', (_name, job, given, expected) => {
    expect(mayStart(job, facts(given))).toBe(expected);
  });
});

describe('nextToStart', () => {
  it.each<[string, JobCost[], Partial<CapacityFacts>, number, number | undefined]>([
    ['takes nobody from nobody', [], {}, 0, undefined],
    ['takes the first that fits', [light, light], {}, 0, 0],
    ['lets a light job overtake a heavy one', [cost(950), light], {}, 0, 1],
    ['lets none overtake once as many did as there are slots', [cost(950), light], {}, 4, undefined],
    ['takes the heavy one when it fits, however many overtook it', [cost(900), light], {}, 4, 0],
    ['takes nobody when none fits', [cost(950), cost(960)], {}, 0, undefined],
  ])('%s', (_name, waiting, given, overtakes, expected) => {
    expect(nextToStart(waiting, facts(given), overtakes)).toBe(expected);
  });
});

interface Machine {
  usedMiB: number;
  reads: number;
}

/** A clock that moves by hand, and memory that is what the test says. */
function setUp(options: Partial<CapacityOptions> = {}): {
  under: Capacity;
  machine: Machine;
  move: (ms: number) => void;
  pending: () => number;
} {
  const machine = { usedMiB: 100, reads: 0 };
  let nowMs = 0;
  let timers: { atMs: number; callback: () => void }[] = [];
  const clock: Clock = {
    nowMs: () => nowMs,
    after(delayMs, callback) {
      const timer = { atMs: nowMs + delayMs, callback };
      timers.push(timer);
      return { cancel: () => void (timers = timers.filter((each) => each !== timer)) };
    },
  };
  const under = capacity({
    slots: 4,
    clock,
    reserveMiB: 100,
    readMemory() {
      machine.reads += 1;
      return { limitBytes: 1_000 * MIB, usedBytes: machine.usedMiB * MIB, source: 'cgroup2' };
    },
    ...options,
  });
  const move = (ms: number): void => {
    nowMs += ms;
    const due = timers.filter(({ atMs }) => atMs <= nowMs);
    timers = timers.filter(({ atMs }) => atMs > nowMs);
    for (const { callback } of due) callback();
  };
  return { under, machine, move, pending: () => timers.length };
}

/** Asks for a start and tells at any time whether it has come. */
function ask(
  under: Capacity,
  job: JobCost,
  signal = new AbortController().signal,
): { readonly has: Promise<string>; end: () => Promise<void> } {
  const entered = under.enter(job, signal);
  const waits = new Promise<string>((resolve) => {
    setImmediate(() => resolve('waits'));
  });
  return {
    has: Promise.race([entered.then((leave) => (leave === undefined ? 'left' : 'started')), waits]),
    end: async () => (await entered)?.(),
  };
}

const none = new AbortController().signal;

describe('capacity', () => {
  it('starts as many jobs as there are slots, and the next when one ends', async () => {
    const { under } = setUp({ slots: 2 });
    const [a, b, c] = [ask(under, light), ask(under, light), ask(under, light)];
    expect([await a.has, await b.has, await c.has]).toEqual(['started', 'started', 'waits']);
    expect([under.freeSlots, under.waiting]).toEqual([0, 1]);
    await a.end();
    await a.end();
    await c.end();
    expect([under.freeSlots, under.waiting]).toEqual([1, 0]);
    await b.end();
    expect(under.freeSlots).toBe(2);
  });

  it('counts the memory that is promised and not used yet', async () => {
    const { under } = setUp();
    const first = ask(under, cost(500));
    expect(await first.has).toBe('started');
    expect(await ask(under, cost(400)).has).toBe('waits');
    expect(await ask(under, cost(300)).has).toBe('started');
  });

  it('does not count it twice when it is used', async () => {
    const { under, machine, move } = setUp();
    expect(await ask(under, cost(500)).has).toBe('started');
    machine.usedMiB = 600;
    move(100);
    expect(await ask(under, cost(300)).has).toBe('started');
  });

  it('starts nothing beside a job that uses more than it declared', async () => {
    const { under, machine, move } = setUp();
    expect(await ask(under, light).has).toBe('started');
    machine.usedMiB = 901;
    move(100);
    expect(await ask(under, light).has).toBe('waits');
  });

  it('looks again when memory becomes free without a job ending', async () => {
    const { under, machine, move, pending } = setUp();
    expect(await ask(under, light).has).toBe('started');
    machine.usedMiB = 901;
    move(100);
    const waiting = under.enter(light, none);
    machine.usedMiB = 500;
    move(1_000);
    expect(await waiting).toBeTypeOf('function');
    expect(pending()).toBe(0);
  });

  it('lets a job that is heavier than the worker run alone', async () => {
    const { under } = setUp();
    const small = ask(under, light);
    const huge = ask(under, cost(5_000, 40));
    expect([await small.has, await huge.has]).toEqual(['started', 'waits']);
    await small.end();
    const beside = ask(under, light);
    expect(await beside.has).toBe('waits');
    await huge.end();
    await beside.end();
    expect(under.freeSlots).toBe(4);
  });

  it('lets as many light jobs overtake a heavy one as there are slots, then none', async () => {
    const { under } = setUp({ slots: 2 });
    const first = ask(under, light);
    const heavy = ask(under, cost(0, 2));
    expect([await first.has, await heavy.has]).toEqual(['started', 'waits']);
    for (let overtaking = 1; overtaking <= 2; overtaking += 1) {
      const passing = ask(under, light);
      expect(await passing.has).toBe('started');
      await passing.end();
    }
    const held = ask(under, light);
    expect(await held.has).toBe('waits');
    await first.end();
    expect(under.waiting).toBe(1);
    await heavy.end();
    await held.end();
    expect(under.freeSlots).toBe(2);
  });

  it('takes out who gives up, and starts whom it held back', async () => {
    const { under, pending } = setUp({ slots: 1 });
    const running = ask(under, light);
    const giving = new AbortController();
    const first = under.enter(light, giving.signal);
    const second = under.enter(light, none);
    giving.abort();
    expect(await first).toBeUndefined();
    expect(await under.enter(light, giving.signal)).toBeUndefined();
    await running.end();
    expect(await second).toBeTypeOf('function');
    giving.abort();
    expect([under.waiting, under.freeSlots, pending()]).toEqual([0, 0, 0]);
  });

  it('reads memory ten times a second at most', async () => {
    const { under, machine, move } = setUp();
    for (let job = 0; job < 100; job += 1) {
      await ask(under, light).end();
      move(10);
    }
    expect(machine.reads).toBeLessThanOrEqual(11);
  });

  it('keeps a tenth of the limit free unless told otherwise', async () => {
    const read = { limitBytes: 1_000 * MIB, usedBytes: 0, source: 'cgroup2' } as const;
    const clock: Clock = { nowMs: () => 0, after: () => ({ cancel: () => {} }) };
    const under = capacity({ slots: 4, clock, readMemory: () => read });
    expect(await ask(under, cost(0)).has).toBe('started');
    expect(await ask(under, cost(901)).has).toBe('waits');
    expect(await ask(under, cost(900)).has).toBe('started');
  });

  it('refuses options that cannot work', () => {
    expect(() => setUp({ slots: 0 })).toThrow(/slots is 0/);
    expect(() => setUp({ reserveMiB: -1 })).toThrow(/reserveMiB is -1/);
  });
});

describe('for any jobs', () => {
  const jobs = fc.array(
    fc.record({ slots: fc.integer({ min: 1, max: 6 }), memoryMiB: fc.nat(1_500), lasts: fc.nat(5) }),
    { minLength: 1, maxLength: 60 },
  );

  it('all of them run, within the slots and the memory or alone, and few overtake each', async () => {
    await fc.assert(
      fc.asyncProperty(jobs, fc.integer({ min: 1, max: 4 }), async (all, slots) => {
        const { under } = setUp({ slots });
        const running = new Map<number, { left: number; leave: () => void }>();
        const started: number[] = [];
        const faults: object[] = [];
        const enter = async (index: number, job: (typeof all)[number]): Promise<void> => {
          const leave = await under.enter(job, none);
          if (leave === undefined) return;
          started.push(index);
          running.set(index, { left: job.lasts, leave });
          const now = [...running.keys()].map((each) => all[each] ?? job);
          const usedSlots = now.reduce((sum, each) => sum + each.slots, 0);
          const usedMiB = now.reduce((sum, each) => sum + each.memoryMiB, 100);
          if (running.size > 1 && (usedSlots > slots || usedMiB > 900)) faults.push({ usedSlots, usedMiB });
        };
        const entering = all.map((job, index) => enter(index, job));
        for (let step = 0; started.length < all.length && step < 1_000; step += 1) {
          await Promise.resolve();
          for (const [index, each] of running) {
            each.left -= 1;
            if (each.left >= 0) continue;
            running.delete(index);
            each.leave();
          }
        }
        await Promise.all(entering);
        expect(faults).toEqual([]);
        expect(started).toHaveLength(all.length);
        for (const [position, index] of started.entries()) {
          const overtakers = started.slice(0, position).filter((other) => other > index);
          // Those that overtook it while it was first, and those that overtook others before it together with it.
          expect(overtakers.length).toBeLessThanOrEqual(slots * (index + 1));
        }
      }),
    );
  });
});
