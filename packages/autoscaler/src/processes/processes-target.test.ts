import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sleep, systemClock } from '@longshore/job';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createAutoscaler } from '../controller.ts';
import { processesTarget, type ProcessesOptions, type ProcessesTarget } from './processes-target.ts';
import type { ProcessesLog } from './service-tasks.ts';
import type { ProcessTask } from './task.ts';

const WAIT = { timeout: 20_000, interval: 10 };
const fixture = (name: string): string => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));

let folder = '';
let target: ProcessesTarget | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'longshore-processes-'));
});
afterEach(async () => {
  await target?.stop({ deadlineMs: 0 });
  target = undefined;
  rmSync(folder, { recursive: true });
});

/** A target whose only service, `mail`, runs the fixture with these words. */
function run(
  words: readonly string[],
  options: Partial<ProcessesOptions> & { drainMs?: number } = {},
): ProcessesTarget {
  const { drainMs, ...rest } = options;
  const command = {
    command: process.execPath,
    args: [fixture('worker.ts'), `mark=${join(folder, 'starts')}`, ...words],
    ...(drainMs === undefined ? {} : { drainMs }),
  };
  target = processesTarget({ commandFor: () => command, onLine: () => {}, ...rest });
  return target;
}

const starts = (): number => readFileSync(join(folder, 'starts'), 'utf8').split('\n').length - 1;
const live = (of: ProcessesTarget): ProcessTask[] => of.tasks().filter(({ state }) => state !== 'exited');
const crashes = (of: ProcessesTarget): ProcessTask[] => of.tasks().filter(({ state }) => state === 'exited');
const states = (of: ProcessesTarget): string[] => live(of).map(({ state }) => state);

/** A log that keeps its warnings. */
function warnings(): { readonly lines: string[]; readonly log: ProcessesLog } {
  const lines: string[] = [];
  return { lines, log: { info: () => {}, warn: (_fields, message) => lines.push(message) } };
}

/** A process that has ended but has not been reaped by its new parent is no longer alive. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

async function running(of: ProcessesTarget, count: number): Promise<void> {
  await vi.waitFor(async () => {
    expect(states(of).filter((state) => state === 'running')).toHaveLength(count);
  }, WAIT);
}

describe('a healthy service', () => {
  it('goes from none to three to none, and every worker drains by itself', async () => {
    const exits: unknown[] = [];
    const processes = run(['drainMs=30'], { onExit: ({ exit }) => exits.push(exit?.reason) });
    expect(await processes.observe('mail')).toMatchObject({
      desired: 0,
      running: 0,
      pending: 0,
      busyTasks: 0,
      busySlots: 0,
    });
    await processes.apply('mail', 3);
    expect(await processes.observe('mail')).toMatchObject({ desired: 3, running: 0, pending: 3 });
    expect(states(processes)).toEqual(['starting', 'starting', 'starting']);
    await running(processes, 3);
    expect(await processes.observe('mail')).toMatchObject({
      running: 3,
      pending: 0,
      meanServiceMs: 40,
      finishedJobs: 18,
      startupMs: expect.any(Number) as unknown,
    });
    await processes.apply('mail', 0);
    expect(await processes.observe('mail')).toMatchObject({ desired: 0, running: 0, pending: 0 });
    expect(states(processes)).toEqual(['draining', 'draining', 'draining']);
    await vi.waitFor(() => expect(live(processes)).toEqual([]), WAIT);
    expect(exits).toEqual(['exited with code 0', 'exited with code 0', 'exited with code 0']);
    expect(crashes(processes)).toEqual([]);
    expect(starts()).toBe(3);
    // What was measured outlives the tasks.
    expect(await processes.observe('mail')).toMatchObject({ meanServiceMs: 40, finishedJobs: 18 });
    expect(processes.finishedJobs('mail')).toBe(18);
  });

  it('is asked twice for the same count without effect', async () => {
    const processes = run([]);
    await Promise.all([processes.apply('mail', 2), processes.apply('mail', 2)]);
    await running(processes, 2);
    await processes.apply('mail', 2);
    expect(starts()).toBe(2);
  });

  it('reports busy slots, and lets a busy worker finish when it must leave', async () => {
    const exits: unknown[] = [];
    const processes = run(['busy=2', 'drainMs=150'], {
      drainMs: 10_000,
      onExit: ({ exit }) => exits.push(exit),
    });
    await processes.apply('mail', 1);
    await running(processes, 1);
    expect(await processes.observe('mail')).toMatchObject({ busyTasks: 1, busySlots: 2 });
    expect(live(processes)).toMatchObject([{ id: 'mail-1', service: 'mail', busy: 2, slots: 2 }]);
    await processes.apply('mail', 0);
    // Leaving: no capacity any more, still alive.
    expect(await processes.observe('mail')).toMatchObject({ running: 0, busyTasks: 0, busySlots: 0 });
    expect(states(processes)).toEqual(['draining']);
    await vi.waitFor(() => expect(exits).toMatchObject([{ code: 0, signal: null, isExpected: true }]), WAIT);
  });

  it('takes a worker that does not answer for a busy one', async () => {
    let aheadMs = 0;
    const clock = { ...systemClock, nowMs: () => systemClock.nowMs() + aheadMs };
    const processes = run([], { clock });
    await processes.apply('mail', 1);
    await running(processes, 1);
    expect(await processes.observe('mail')).toMatchObject({ busyTasks: 0, busySlots: 0 });
    const [{ pid = 0 } = {}] = live(processes);
    process.kill(pid, 'SIGSTOP');
    await vi.waitFor(async () => {
      aheadMs += 60_000;
      expect(await processes.observe('mail')).toMatchObject({ running: 1, busyTasks: 1, busySlots: 1 });
    }, WAIT);
    process.kill(pid, 'SIGCONT');
    await vi.waitFor(async () => {
      expect(await processes.observe('mail')).toMatchObject({ busyTasks: 0, busySlots: 0 });
    }, WAIT);
  });

  it('fills the place of a worker that somebody else asked to leave', async () => {
    const processes = run(['drainMs=20']);
    await processes.apply('mail', 1);
    await running(processes, 1);
    const [first] = live(processes);
    if (first?.pid !== undefined) process.kill(first.pid, 'SIGTERM');
    await vi.waitFor(() => expect(live(processes)).toMatchObject([{ id: 'mail-2', state: 'running' }]), WAIT);
    expect(crashes(processes)).toEqual([]);
  });

  it('hands on output line by line with its task and stream, the last one without an end too', async () => {
    const lines: string[][] = [];
    const processes = run(['say=one\ntwo €\nthree'], { onLine: (...line) => lines.push(line) });
    await processes.apply('mail', 1);
    await running(processes, 1);
    await processes.stop({ deadlineMs: 5_000 });
    expect(lines).toEqual(['one', 'two €', 'three'].map((line) => ['mail', 'mail-1', 'stdout', line]));
  });
});

describe('crashes', () => {
  it('are noticed and replaced when a worker is killed', async () => {
    const { lines, log } = warnings();
    const processes = run(['busy=1'], { log });
    await processes.apply('mail', 2);
    await running(processes, 2);
    const killed = live(processes)[0]?.pid ?? 0;
    process.kill(killed, 'SIGKILL');
    await vi.waitFor(() => expect(crashes(processes)).toHaveLength(1), WAIT);
    await running(processes, 2);
    expect(live(processes).map(({ pid }) => pid)).not.toContain(killed);
    expect(crashes(processes)).toMatchObject([
      {
        id: 'mail-1',
        pid: killed,
        exit: { signal: 'SIGKILL', code: null, reason: 'killed by SIGKILL', isExpected: false },
      },
    ]);
    expect(lines).toEqual(['Task mail-1 killed by SIGKILL, the next start waits 250 ms']);
  });

  it('at start are tried again one at a time with growing pauses, and end the loop with the service', async () => {
    const { lines: events, log } = warnings();
    const lines: string[] = [];
    const processes = run(['crashAtStart'], {
      log,
      onLine: (_service, _task, stream, line) => lines.push(`${stream}: ${line}`),
    });
    await processes.apply('mail', 3);
    await vi.waitFor(() => expect(crashes(processes)).toHaveLength(5), WAIT);
    const waits = events.map((event) => Number(/waits (\d+) ms/.exec(event)?.[1]));
    expect(waits.slice(0, 5)).toEqual([250, 500, 1_000, 2_000, 4_000]);
    expect(crashes(processes)[0]?.exit?.reason).toBe('exited with code 3');
    expect(lines).toContain('stderr: no such setting');
    // Three at once, then one by one: five crashes are five starts, and none is out during the pause.
    expect(live(processes)).toEqual([]);
    expect(starts()).toBe(5);
    expect(await processes.observe('mail')).toMatchObject({ desired: 3, running: 0 });
    await processes.apply('mail', 0);
    await processes.stop({ deadlineMs: 0 });
    expect(starts()).toBe(5);
  });

  it.each([
    [
      'a program that does not exist',
      { command: '/nonexistent/node', args: [] },
      'could not start: spawn /nonexistent/node ENOENT',
    ],
    [
      'an argument that no process can take',
      { command: process.execPath, args: ['a\0b'] },
      'could not start: ',
    ],
  ])('include %s', async (_name, command, reason) => {
    const processes = run([], { commandFor: () => command });
    await processes.apply('mail', 1);
    await vi.waitFor(() => expect(crashes(processes).length).toBeGreaterThan(0), WAIT);
    expect(crashes(processes)[0]?.exit?.reason).toContain(reason);
    expect(live(processes)).toEqual([]);
  });

  it('include a service that nobody knows how to start', async () => {
    const processes = run([], {
      commandFor: (service) => {
        throw new Error(`the fleet has no service "${service}"`);
      },
    });
    await processes.apply('post', 1);
    await vi.waitFor(() => expect(crashes(processes).length).toBeGreaterThan(0), WAIT);
    expect(crashes(processes)[0]?.exit?.reason).toBe('could not start: the fleet has no service "post"');
  });

  it('include a worker that never reports', async () => {
    const processes = run(['silent'], { startLimitMs: 300 });
    await processes.apply('mail', 1);
    await vi.waitFor(() => expect(crashes(processes).length).toBeGreaterThan(0), WAIT);
    expect(crashes(processes)[0]?.exit?.reason).toBe(
      'did not report "running" within 300 ms, killed by SIGKILL',
    );
  });
});

describe('draining', () => {
  it('is never cut short: SIGKILL comes only after the drain time and the grace', async () => {
    const exits: unknown[] = [];
    const processes = run(['ignoreTerm'], {
      drainMs: 200,
      graceMs: 200,
      onExit: ({ exit }) => exits.push(exit?.signal),
    });
    await processes.apply('mail', 1);
    await running(processes, 1);
    const beganMs = performance.now();
    await processes.apply('mail', 0);
    await vi.waitFor(() => expect(exits).toEqual(['SIGKILL']), WAIT);
    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(395);
    expect(crashes(processes)).toEqual([]);
  });

  it('takes starting tasks before idle ones', async () => {
    const processes = run([]);
    await processes.apply('mail', 1);
    await running(processes, 1);
    await processes.apply('mail', 2);
    await processes.apply('mail', 1);
    expect(live(processes)).toMatchObject([
      { id: 'mail-1', state: 'running' },
      { id: 'mail-2', state: 'draining' },
    ]);
    await vi.waitFor(() => expect(live(processes)).toHaveLength(1), WAIT);
    expect(crashes(processes)).toEqual([]);
  });
});

describe('stop', () => {
  it('drains all, kills only what ignores SIGTERM and only after the deadline, and leaves no process', async () => {
    const exits: unknown[] = [];
    const processes = run(['ignoreTerm'], {
      drainMs: 50,
      graceMs: 0,
      onExit: ({ exit }) => exits.push(exit?.signal),
    });
    await processes.apply('mail', 2);
    await running(processes, 2);
    const pids = live(processes).map(({ pid = 0 }) => pid);
    const beganMs = performance.now();
    await processes.stop({ deadlineMs: 500 });
    // The deadline of the stop rules, not the shorter drain time of the service.
    expect(performance.now() - beganMs).toBeGreaterThanOrEqual(495);
    expect(exits).toEqual(['SIGKILL', 'SIGKILL']);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it("takes a worker's own children along when it kills it", async () => {
    const lines: string[] = [];
    const processes = run(['ignoreTerm', 'child'], {
      onLine: (_service, _task, _stream, line) => lines.push(line),
    });
    await processes.apply('mail', 1);
    await vi.waitFor(() => expect(lines[0]).toMatch(/^child \d+$/), WAIT);
    await running(processes, 1);
    const child = Number(lines[0]?.slice('child '.length));
    expect(isAlive(child)).toBe(true);
    await processes.stop({ deadlineMs: 0 });
    await vi.waitFor(() => expect(isAlive(child)).toBe(false), WAIT);
  });

  it('resolves as soon as all have drained', async () => {
    const exits: unknown[] = [];
    const processes = run(['drainMs=20'], { onExit: ({ exit }) => exits.push(exit?.code) });
    await processes.apply('mail', 2);
    await running(processes, 2);
    await processes.stop({ deadlineMs: 3_600_000 });
    expect(exits).toEqual([0, 0]);
  });

  it('can be hurried by a second call', async () => {
    const processes = run(['ignoreTerm']);
    await processes.apply('mail', 1);
    await running(processes, 1);
    const patient = processes.stop({ deadlineMs: 3_600_000 });
    await processes.stop({ deadlineMs: 0 });
    await patient;
    expect(live(processes)).toEqual([]);
  });

  it('starts nothing afterwards, and may come before anything ran', async () => {
    const processes = run([]);
    await processes.stop();
    await expect(processes.apply('mail', 1)).rejects.toMatchObject({ code: 'closed' });
    await processes.stop();
    expect(live(processes)).toEqual([]);
  });

  it('ends a crash loop', async () => {
    const processes = run(['crashAtStart']);
    await processes.apply('mail', 1);
    await vi.waitFor(() => expect(crashes(processes)).toHaveLength(1), WAIT);
    await processes.stop();
    const before = starts();
    // The pause of a first crash is 250 ms.
    await sleep(400);
    expect(starts()).toBe(before);
  });
});

describe('a parent that is killed', () => {
  it('leaves no orphan behind', async () => {
    const parent = spawn(process.execPath, [fixture('parent.ts')], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    parent.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    await vi.waitFor(() => expect(output).toContain(']\n'), WAIT);
    const pids = output.slice(1, output.indexOf(']')).split(',').map(Number);
    expect(pids.map(isAlive)).toEqual([true, true]);
    parent.kill('SIGKILL');
    await vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), WAIT);
  });
});

describe('wrong use', () => {
  it('is refused with the remedy', async () => {
    const processes = run([]);
    await expect(processes.apply('mail', -1)).rejects.toThrow('expected a whole number from 0');
    await expect(processes.apply('mail', NaN)).rejects.toMatchObject({ code: 'invalid_options' });
  });
});

describe('with the autoscaler', () => {
  it('goes from none to several and back to none with the backlog', async () => {
    const processes = run([]);
    let backlog = 1_000;
    const spec = {
      service: 'mail',
      min: 0,
      max: 3,
      slots: 2,
      percentile: 99.9,
      timeInQueueMs: 1_000,
      idleMs: 100,
      holdMs: 100,
      staleMs: 60_000,
      lagMs: 20,
      serviceHintMs: 100,
      startupHintMs: 100,
    };
    const counts = { counts: () => Promise.resolve({ backlog, inFlight: 0, delayed: 0 }) };
    const desired: number[] = [];
    await using autoscaler = createAutoscaler({
      services: [{ spec, backlog: counts }],
      target: processes,
      intervalMs: 20,
      onDecision: (decision) => desired.push(decision.desired),
    });
    autoscaler.start();
    await running(processes, 3);
    backlog = 0;
    await vi.waitFor(() => expect(live(processes)).toEqual([]), WAIT);
    // Up at once, and then only down.
    expect(desired[0]).toBe(3);
    expect(desired).toEqual(desired.toSorted((left, right) => right - left));
    expect(starts()).toBe(3);
    expect(crashes(processes)).toEqual([]);
  });
});
