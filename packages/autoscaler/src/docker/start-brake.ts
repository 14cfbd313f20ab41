/**
 * How many containers of a service may be started now: several at once in good times; none for a growing while after
 * one died young or could not be started, and then one until one comes up.
 */
import { restartDelayMs, STABLE_MS, withCrash, type CrashStreak } from '../restart-delay.ts';
import type { DockerTask } from './tasks.ts';

/** An engine does not create containers faster by more at a time. */
const STARTS_AT_ONCE = 4;

/** The brake of one service. Only times of the target's clock go in, but for how long a container lived. */
export class StartBrake {
  readonly #seen = new Set<string>();
  #streak: CrashStreak | undefined;
  #freeAtMs = 0;
  #isProbing = false;

  /** Takes note of the tasks that died since the last look, and returns them. */
  look(tasks: readonly DockerTask[], nowMs: number): readonly DockerTask[] {
    const dead = tasks.filter(({ state }) => state === 'dead');
    const fresh = dead.filter((task) => !this.#seen.has(deathOf(task)));
    this.#seen.clear();
    for (const task of dead) this.#seen.add(deathOf(task));
    const hasYoung = fresh.some(
      ({ container: { startedAtMs, finishedAtMs } }) => finishedAtMs - startedAtMs < STABLE_MS,
    );
    // Several that died at once died of one cause.
    if (hasYoung) this.failed(nowMs);
    else if (tasks.some(({ state }) => state === 'running')) this.#isProbing &&= dead.length > 0;
    return fresh;
  }

  /** A container died young, or could not be started. Returns the pause. */
  failed(nowMs: number): number {
    this.#streak = withCrash(this.#streak, nowMs);
    this.#isProbing = true;
    const pauseMs = restartDelayMs(this.#streak);
    this.#freeAtMs = nowMs + pauseMs;
    return pauseMs;
  }

  /** Whether starts wait. */
  isOn(nowMs: number): boolean {
    return nowMs < this.#freeAtMs;
  }

  /** How many may be started now. */
  starts(tasks: readonly DockerTask[], nowMs: number): number {
    if (this.isOn(nowMs)) return 0;
    if (!this.#isProbing) return STARTS_AT_ONCE;
    return tasks.some(({ state }) => state === 'starting') ? 0 : 1;
  }
}

function deathOf({ container: { id, finishedAtMs } }: DockerTask): string {
  return `${id} ${finishedAtMs}`;
}
