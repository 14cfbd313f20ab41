/** What a policy is told: the fleet now, the queue as it was a lag ago, with noise and lost readings. */
import type { FleetView, SignalSource } from '../policy.ts';
import type { SeededRandom } from '../traces/seeded-random.ts';
import type { Scenario } from './scenario.ts';

/** The fleet at the end of a second. */
export interface Look {
  readonly now: number;
  readonly desired: number;
  readonly running: number;
  readonly starting: number;
  readonly leaving: number;
  readonly busySlots: number;
  readonly busyTasks: number;
  readonly measuredStartupSeconds: number;
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
  readonly oldestAge: number;
  readonly finished: number;
}

type Mutable<Fields> = { -readonly [Key in keyof Fields]: Fields[Key] };

/** Service times are measured over this long. */
const SERVICE_WINDOW_SECONDS = 300;
const MINUTE = 60;

/** Keeps the past that a policy may see. */
export class Signals {
  readonly #scenario: Scenario;
  readonly #random: SeededRandom;
  readonly #past: Look[] = [];
  readonly #lagSeconds: number;
  readonly #serviceSums = new Float64Array(SERVICE_WINDOW_SECONDS);
  readonly #serviceCounts = new Float64Array(SERVICE_WINDOW_SECONDS);
  readonly #utilisations: number[] = [];
  #serviceSum = 0;
  #serviceCount = 0;
  #sumNow = 0;
  #countNow = 0;
  #longestWait = 0;
  readonly #view: Mutable<FleetView> = {
    nowSeconds: 0,
    desired: 0,
    running: 0,
    starting: 0,
    draining: 0,
    visible: 0,
    inFlight: 0,
    delayed: 0,
    oldestAgeSeconds: 0,
    busySlots: 0,
    busyTasks: 0,
    finished: 0,
    waitSeconds: 0,
    utilisation: 0,
    measuredServiceSeconds: NaN,
    measuredStartupSeconds: NaN,
  };

  constructor(scenario: Scenario, source: SignalSource, random: SeededRandom) {
    this.#scenario = scenario;
    this.#random = random;
    this.#lagSeconds = Math.round(
      source === 'queue' ? scenario.queueLagSeconds : scenario.cloudWatchLagSeconds,
    );
  }

  started(waitSeconds: number): void {
    if (waitSeconds > this.#longestWait) this.#longestWait = waitSeconds;
  }

  ended(serviceSeconds: number): void {
    this.#sumNow += serviceSeconds;
    this.#countNow += 1;
  }

  /** Once a second, at its end. */
  record(look: Look): void {
    this.#past.push(look);
    if (this.#past.length > this.#lagSeconds + 1) this.#past.shift();
    const slot = look.now % SERVICE_WINDOW_SECONDS;
    this.#serviceSum += this.#sumNow - (this.#serviceSums[slot] ?? 0);
    this.#serviceCount += this.#countNow - (this.#serviceCounts[slot] ?? 0);
    this.#serviceSums[slot] = this.#sumNow;
    this.#serviceCounts[slot] = this.#countNow;
    this.#sumNow = 0;
    this.#countNow = 0;
    const tasks = look.running + look.leaving;
    this.#utilisations.push(tasks === 0 ? 0 : look.busySlots / (tasks * this.#scenario.slots));
    if (this.#utilisations.length > MINUTE) this.#utilisations.shift();
  }

  /** What the policy sees now. */
  view(): FleetView {
    const now = this.#past.at(-1);
    const then = this.#past[0];
    const view = this.#view;
    if (now === undefined || then === undefined) return view;
    view.nowSeconds = now.now;
    view.desired = now.desired;
    view.running = now.running;
    view.starting = now.starting;
    view.draining = now.leaving;
    view.busySlots = then.busySlots;
    view.busyTasks = then.busyTasks;
    view.finished = then.finished;
    view.measuredStartupSeconds = now.measuredStartupSeconds;
    const isLost = this.#random.uniform() < (this.#scenario.lostReadings ?? 0);
    view.visible = isLost ? NaN : this.#noisy(then.visible);
    view.inFlight = isLost ? NaN : this.#noisy(then.inFlight);
    view.delayed = isLost ? NaN : this.#noisy(then.delayed);
    view.oldestAgeSeconds = isLost ? NaN : then.oldestAge;
    view.waitSeconds = this.#longestWait;
    this.#longestWait = 0;
    view.utilisation =
      this.#utilisations.reduce((sum, each) => sum + each, 0) / Math.max(1, this.#utilisations.length);
    view.measuredServiceSeconds = this.#serviceCount < 0.5 ? NaN : this.#serviceSum / this.#serviceCount;
    return view;
  }

  #noisy(count: number): number {
    const { countNoise = 0 } = this.#scenario;
    return countNoise === 0
      ? count
      : Math.max(0, Math.round(count * (1 + countNoise * this.#random.normal())));
  }
}
