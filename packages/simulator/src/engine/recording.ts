/** Records a run for charts, in steps of equal length. */
import type { ResultSeries } from '../result.ts';
import type { Tasks } from './tasks.ts';
import type { WaitingJobs } from './waiting-jobs.ts';

type Lists = { -readonly [Key in Exclude<keyof ResultSeries, 'stepSeconds'>]: number[] };

/** A recording under way. */
export class Recording {
  readonly #stepSeconds: number;
  readonly #lists: Lists = {
    arrivals: [],
    desired: [],
    running: [],
    visible: [],
    oldestAgeSeconds: [],
    taskSeconds: [],
  };
  #arrivals = 0;
  #taskSeconds = 0;
  #oldestAge = 0;

  constructor(stepSeconds: number) {
    this.#stepSeconds = stepSeconds;
  }

  /** At the end of each second. */
  record(second: number, arrivals: number, desired: number, tasks: Tasks, waiting: WaitingJobs): void {
    this.#arrivals += arrivals;
    this.#taskSeconds += tasks.billedTasks;
    const age = waiting.length === 0 ? 0 : second + 1 - waiting.oldestArrivedAt;
    this.#oldestAge = Math.max(this.#oldestAge, age);
    if ((second + 1) % this.#stepSeconds !== 0) return;
    this.#lists.arrivals.push(this.#arrivals);
    this.#lists.desired.push(desired);
    this.#lists.running.push(tasks.running);
    this.#lists.visible.push(waiting.length);
    this.#lists.oldestAgeSeconds.push(this.#oldestAge);
    this.#lists.taskSeconds.push(this.#taskSeconds);
    this.#arrivals = 0;
    this.#taskSeconds = 0;
    this.#oldestAge = 0;
  }

  series(): ResultSeries {
    return { stepSeconds: this.#stepSeconds, ...this.#lists };
  }
}
