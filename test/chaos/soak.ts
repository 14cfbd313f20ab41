/**
 * One soak: a herd of worker processes works off seeded tasks while the network lies and processes die; then everything
 * is healed, drained, and what is left is audited.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fsObjectStore } from '@longshore/objects/fs';
import { audit, type Findings } from './audit.ts';
import { diceOf, type Dice } from './dice.ts';
import type { FaultFigures } from './fault-figures.ts';
import { startHerd, type Herd } from './herd.ts';
import { readRunLogs } from './run-log.ts';
import type { Arena, System } from './system.ts';
import { tasksOf, type Task } from './task.ts';

/** Options of {@link soak}. */
export interface SoakOptions {
  readonly system: System;
  readonly seed: number;
  /** Jobs come in waves of this many, and with each wave something happens to the workers. */
  readonly wave: { readonly jobs: number; readonly everyMs: number };
  /** How long the tasks work, see `TaskPlan`. */
  readonly workMs?: { readonly low: number; readonly high: number };
  /** Whether no more waves are to come. */
  readonly isOver: (soFar: {
    readonly waves: number;
    readonly kills: number;
    readonly elapsedMs: number;
  }) => boolean;
  /** Worker processes. */
  readonly workers: number;
  /** Tasks that kill their process. */
  readonly killers: number;
  /** Besides SIGKILL: pauses, rolling restarts, half of the workers at once, restarts of the endpoint. */
  readonly isLong?: boolean;
  readonly say: (line: string) => void;
}

/** What a soak came to. */
export interface SoakResult extends Findings {
  readonly jobs: number;
  readonly kills: number;
  readonly pauses: number;
  readonly restarts: number;
  readonly outages: number;
  readonly figures: FaultFigures | undefined;
  readonly isDrained: boolean;
  /** Workers that ended by themselves, or did not when they were asked to. */
  readonly crashes: readonly string[];
  readonly elapsedMs: number;
}

/** A pause that outlasts every lease. */
const PAUSE_MS = 6_000;
/** Longest wait for the workers to catch up. */
const MAX_LULL_MS = 5_000;
const OUTAGE_MS = { low: 1_000, high: 4_000 };
const STOP_WITHIN_MS = 10_000;

/** Runs a soak from start to end. */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const { system, seed, say } = options;
  const startMs = performance.now();
  const dice = diceOf(seed);
  const folder = await mkdtemp(join(tmpdir(), 'longshore-chaos-'));
  const runs = join(folder, 'runs');
  await mkdir(runs);
  await using arena = await system.open({ folder, dice: dice.fork('arena') });
  const herd = await startHerd({
    fixture: system.fixture,
    size: options.workers,
    folder,
    runs,
    envOf: arena.envOf,
    dice: dice.fork('victims'),
  });
  const { tasks, outages } = await storm(options, arena, herd, dice, startMs);
  const { calls = 0, faults = 0 } = arena.proxy?.figures ?? {};
  say(
    `Healing after ${seconds(startMs)}: ${tasks.length} jobs, ${herd.kills} kills, ${calls} calls, ${faults} faults`,
  );
  arena.proxy?.setRates({});
  const isDrained = await drain(arena, system.drainMs);
  say(`${isDrained ? 'Drained' : 'NOT drained'} after ${seconds(startMs)}`);
  const stuck = await herd.stop(STOP_WITHIN_MS);
  say(`Stopped after ${seconds(startMs)}`);
  const findings = await audit({
    tasks,
    lines: readRunLogs(runs),
    objects: fsObjectStore({ root: join(folder, 'objects') }),
    dead: await arena.dead(),
    deaths: herd.deaths,
    ledger: arena.proxy?.ledger,
  });
  const crashes = [...herd.crashes, ...stuck];
  if (isDrained && crashes.length === 0) await rm(folder, { recursive: true, force: true });
  else say(`What the workers said is in ${join(folder, 'workers.log')}`);
  return {
    ...findings,
    jobs: tasks.length,
    kills: herd.kills,
    pauses: herd.pauses,
    restarts: herd.restarts,
    outages,
    figures: arena.proxy?.figures,
    isDrained,
    crashes,
    elapsedMs: performance.now() - startMs,
  };
}

/** Waves of jobs, each with a mishap; resolves when the queue has all the jobs. */
async function storm(
  options: SoakOptions,
  arena: Arena,
  herd: Herd,
  dice: Dice,
  startMs: number,
): Promise<{ tasks: readonly Task[]; outages: number }> {
  const { wave, killers, isOver } = options;
  const taskDice = dice.fork('tasks');
  const mishaps = dice.fork('mishaps');
  const tasks: Task[] = [];
  const underWay = new Set<Promise<unknown>>();
  const counts = { waves: 0, outages: 0 };
  while (!isOver({ waves: counts.waves, kills: herd.kills, elapsedMs: performance.now() - startMs })) {
    const fresh = tasksOf(taskDice, {
      first: tasks.length,
      count: wave.jobs,
      killers: counts.waves === 0 ? killers : 0,
      workMs: options.workMs,
    });
    tasks.push(...fresh);
    track(arena.enqueue(fresh));
    await delay(wave.everyMs * (0.5 + mishaps.roll()));
    await workedOff(arena, wave.jobs);
    const mishap = options.isLong === true ? mishaps.roll() : 0;
    if (mishap < 0.8) await herd.kill();
    else if (mishap < 0.88) track(herd.pause(delay(PAUSE_MS)));
    else if (mishap < 0.92) await herd.kill(Math.ceil(options.workers / 2));
    else if (mishap < 0.96) await herd.roll();
    else await outage();
    counts.waves += 1;
  }
  await Promise.all(underWay);
  return { tasks, outages: counts.outages };

  function track(task: Promise<unknown>): void {
    underWay.add(task);
    void task.finally(() => underWay.delete(task)).catch(() => undefined);
  }

  async function outage(): Promise<void> {
    counts.outages += 1;
    await arena.restart?.(mishaps.whole(OUTAGE_MS.low, OUTAGE_MS.high));
  }
}

/** On a busy machine the waves are farther apart: the faults are to meet the work, not a queue that only grows. */
async function workedOff(arena: Arena, waiting: number): Promise<void> {
  const endMs = performance.now() + MAX_LULL_MS;
  while (performance.now() < endMs && (await arena.counts()).waiting > waiting) await delay(100);
}

/** Whether the queue was empty in time; looked at twice, since an empty queue may be about to take something back. */
async function drain(arena: Arena, withinMs: number): Promise<boolean> {
  const endMs = performance.now() + withinMs;
  let wasEmpty = false;
  while (performance.now() < endMs) {
    const isEmpty = (await arena.counts()).unfinished === 0;
    if (isEmpty && wasEmpty) return true;
    wasEmpty = isEmpty;
    await delay(250);
  }
  return false;
}

function seconds(startMs: number): string {
  return `${((performance.now() - startMs) / 1_000).toFixed(1)} s`;
}
