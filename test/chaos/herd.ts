/**
 * A herd of worker processes that is always full: whoever dies, of whatever, is replaced at once. Kills, pauses and
 * rolling restarts, and the account of every death.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync, closeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Dice } from './dice.ts';

/** Options of {@link startHerd}. */
export interface HerdOptions {
  /** The program of a worker; says `ready` to its parent. */
  readonly fixture: URL;
  readonly size: number;
  /** For what the workers say, and for their objects. */
  readonly folder: string;
  /** An existing folder for the run logs. */
  readonly runs: string;
  /** Environment of the worker at a place, 0 to `size - 1`. */
  readonly envOf: (place: number) => Readonly<Record<string, string>>;
  readonly dice: Dice;
}

/** A running herd. */
export interface Herd {
  /** SIGKILLs that hit a worker that was at work. */
  readonly kills: number;
  readonly pauses: number;
  readonly restarts: number;
  /** When each life of a process ended, epoch milliseconds, by the name of its run log. */
  readonly deaths: ReadonlyMap<string, number>;
  /** Deaths that nobody asked for: exits by themselves. What a task's `kill` did is none. */
  readonly crashes: readonly string[];
  /** SIGKILLs one worker, or more; resolves when they are dead. */
  kill(count?: number): Promise<void>;
  /** SIGSTOPs one worker until `over`: a zombie once its leases have run out. */
  pause(over: Promise<unknown>): Promise<void>;
  /** SIGTERMs one worker after the other. */
  roll(): Promise<void>;
  /** SIGTERMs all; resolves with those that did not exit with 0 in time. */
  stop(withinMs: number): Promise<readonly string[]>;
}

interface Life {
  readonly name: string;
  readonly child: ChildProcess;
  readonly exited: Promise<unknown>;
  isReady: boolean;
  /** A signal of ours that ends it. */
  isDoomed: boolean;
}

/** Starts a herd; resolves when all its workers are ready. */
export async function startHerd(options: HerdOptions): Promise<Herd> {
  const herd = new ProcessHerd(options);
  await herd.ready();
  return herd;
}

class ProcessHerd implements Herd {
  kills = 0;
  pauses = 0;
  restarts = 0;
  readonly deaths = new Map<string, number>();
  readonly crashes: string[] = [];
  readonly #options: HerdOptions;
  readonly #lives = new Map<number, Life>();
  #generation = 0;
  #isStopping = false;

  constructor(options: HerdOptions) {
    this.#options = options;
    for (let place = 0; place < options.size; place += 1) this.#spawn(place);
  }

  async ready(): Promise<void> {
    while ([...this.#lives.values()].some((life) => !life.isReady)) await delay(20);
  }

  async kill(count = 1): Promise<void> {
    const victims = this.#pick(count);
    for (const victim of victims) {
      victim.isDoomed = true;
      this.kills += 1;
      victim.child.kill('SIGKILL');
    }
    await Promise.all(victims.map((victim) => victim.exited));
  }

  async pause(over: Promise<unknown>): Promise<void> {
    const [victim] = this.#pick(1);
    if (victim === undefined) return;
    this.pauses += 1;
    victim.child.kill('SIGSTOP');
    await over.finally(() => victim.child.kill('SIGCONT'));
  }

  async roll(): Promise<void> {
    for (let place = 0; place < this.#options.size; place += 1) {
      const life = this.#lives.get(place);
      if (life === undefined) continue;
      life.isDoomed = true;
      life.child.kill('SIGTERM');
      this.restarts += 1;
      await life.exited;
      await this.ready();
    }
  }

  async stop(withinMs: number): Promise<readonly string[]> {
    // Who is asked before it can listen ends by the signal.
    await this.ready();
    this.#isStopping = true;
    const stuck: string[] = [];
    await Promise.all(
      [...this.#lives.values()].map(async ({ name, child, exited }) => {
        child.kill('SIGTERM');
        const timer = new AbortController();
        await Promise.race([
          exited,
          delay(withinMs, undefined, { signal: timer.signal }).catch(() => undefined),
        ]);
        timer.abort();
        if (child.exitCode !== 0)
          stuck.push(`${name}: ${child.exitCode ?? child.signalCode ?? 'still running'}`);
        child.kill('SIGKILL');
        await exited;
      }),
    );
    return stuck;
  }

  /** Workers that are at work; when all are starting, one of them is waited for. */
  #pick(count: number): Life[] {
    const ready = [...this.#lives.values()].filter((life) => life.isReady && !life.isDoomed);
    const victims: Life[] = [];
    while (victims.length < count && ready.length > 0)
      victims.push(...ready.splice(this.#options.dice.whole(0, ready.length - 1), 1));
    return victims;
  }

  #spawn(place: number): void {
    const { fixture, folder, runs, envOf } = this.#options;
    this.#generation += 1;
    const name = `${place}-${this.#generation}`;
    const said = openSync(join(folder, 'workers.log'), 'a');
    const child = fork(fileURLToPath(fixture), {
      env: {
        PATH: process.env['PATH'],
        // Most of a worker's start is compiling; a soak starts hundreds.
        NODE_COMPILE_CACHE: join(tmpdir(), 'longshore-compile-cache'),
        RUN_LOG: join(runs, name),
        OBJECTS: join(folder, 'objects'),
        ...envOf(place),
      },
      stdio: ['ignore', said, said, 'ipc'],
    });
    closeSync(said);
    const life: Life = { name, child, exited: once(child, 'exit'), isReady: false, isDoomed: false };
    this.#lives.set(place, life);
    child.once('message', () => (life.isReady = true));
    child.once('exit', (code, signal) => {
      this.deaths.set(name, Date.now());
      if (this.#isStopping) return;
      const isExpected = signal === 'SIGKILL' || (life.isDoomed && code === 0);
      if (!isExpected) this.crashes.push(`${name}: ${signal ?? code}`);
      this.#spawn(place);
    });
  }
}
