/**
 * The simulation of one service: jobs arrive, wait, run in the slots of tasks and end, while a policy asks for tasks.
 *
 * Jobs are events in continuous time; tasks come and go, and the policy acts, at whole seconds. The same seed gives every
 * policy the same arrivals and every job the same service time.
 */
import type { FleetView, SimulatedPolicy } from '../policy.ts';
import type { SimulationResult } from '../result.ts';
import { seededRandom } from '../traces/seeded-random.ts';
import { mixed } from './mixed.ts';
import { RunningJobs } from './running-jobs.ts';
import { checkScenario, meanServiceSeconds, type Scenario } from './scenario.ts';
import { Recording } from './recording.ts';
import { serviceTimes } from './service-times.ts';
import { Signals } from './signals.ts';
import { Tasks } from './tasks.ts';
import { WaitingJobs } from './waiting-jobs.ts';
import { Waits } from './waits.ts';

/** What {@link simulate} simulates. */
export interface SimulationOptions {
  /** Name of the trace, for the result. */
  readonly trace: string;
  /** Jobs that arrive in each second. */
  readonly arrivals: Uint32Array;
  readonly policy: SimulatedPolicy;
  readonly scenario: Scenario;
  /** Default 1. */
  readonly seed?: number;
  /** Records the run in steps of this length, whole seconds. Default: no series. */
  readonly seriesStepSeconds?: number;
}

/** The simulation goes on this long after the last arrival, at most, so that what waits can end. */
const TAIL_SECONDS = 7_200;
/** Attempts after which a job that always fails is buried. */
const POISON_ATTEMPTS = 5;

/**
 * Runs one policy on one trace.
 *
 * @throws LongshoreError `invalid_options` for a world that cannot be.
 */
export function simulate(options: SimulationOptions): SimulationResult {
  checkScenario(options.scenario);
  return new Simulation(options).run();
}

interface Return {
  readonly at: number;
  readonly arrivedAt: number;
  readonly job: number;
  readonly attempts: number;
}

class Simulation {
  readonly #options: SimulationOptions;
  readonly #scenario: Scenario;
  readonly #tasks: Tasks;
  readonly #waiting = new WaitingJobs();
  readonly #running = new RunningJobs();
  readonly #serviceSeconds: (job: number) => number;
  readonly #waits = new Waits();
  readonly #signals: Signals;
  readonly #recording: Recording | undefined;
  readonly #poisonBelow: number;
  #returns: Return[] = [];
  #arrived = 0;
  #late = 0;
  #finished = 0;
  #ended = 0;
  #killedBusy = 0;
  #actions = 0;
  #desired: number;

  constructor(options: SimulationOptions) {
    const { scenario, policy, seed = 1, seriesStepSeconds } = options;
    this.#options = options;
    this.#scenario = scenario;
    this.#tasks = new Tasks(scenario, policy.removal, seededRandom(`tasks/${seed}`));
    this.#serviceSeconds = serviceTimes(scenario.jobTypes, seed);
    this.#signals = new Signals(scenario, policy.signal, seededRandom(`signals/${seed}`));
    this.#recording = seriesStepSeconds === undefined ? undefined : new Recording(seriesStepSeconds);
    this.#poisonBelow = (scenario.poison?.share ?? 0) * 4_294_967_296;
    this.#desired = scenario.minTasks;
  }

  run(): SimulationResult {
    const { arrivals, policy, scenario } = this.#options;
    const decide = policy.start({
      slots: scenario.slots,
      objectiveSeconds: scenario.objectiveSeconds,
      serviceMeanSeconds: scenario.serviceHintSeconds ?? meanServiceSeconds(scenario),
      startupSeconds: scenario.startupHintSeconds ?? scenario.startupSeconds,
      minTasks: scenario.minTasks,
      maxTasks: scenario.maxTasks,
    });
    this.#tasks.scaleTo(this.#desired, 0);
    let now = 0;
    for (
      ;
      now < arrivals.length || (this.#ended < this.#arrived && now < arrivals.length + TAIL_SECONDS);
      now += 1
    ) {
      this.#killAt(now);
      this.#comeBack(now);
      this.#serve(now, arrivals[now] ?? 0);
      this.#signals.record(this.#look(now + 1));
      if ((now + 1) % policy.everySeconds === 0) this.#step(decide, now + 1);
      this.#recording?.record(now, arrivals[now] ?? 0, this.#desired, this.#tasks, this.#waiting);
    }
    this.#tasks.close(now);
    return this.#result(now);
  }

  #killAt(now: number): void {
    for (const task of this.#tasks.advance(now)) {
      const taken = this.#running.take(task);
      this.#killedBusy += taken.length;
      for (const { job, attempts } of taken)
        this.#returns.push({ at: now + this.#scenario.leaseSeconds, arrivedAt: now, job, attempts });
      this.#tasks.kill(task, now);
    }
    // Slots that came up with this second take what waits.
    while (this.#waiting.length > 0 && this.#tasks.hasFreeSlot) this.#startNext(now);
  }

  #comeBack(now: number): void {
    if (this.#returns.length === 0) return;
    const due = this.#returns.filter(({ at }) => at <= now);
    if (due.length === 0) return;
    this.#returns = this.#returns.filter(({ at }) => at > now);
    for (const { arrivedAt, job, attempts } of due) this.#arrive(arrivedAt, now, job, attempts);
  }

  /** Everything that happens to jobs within one second. */
  #serve(second: number, count: number): void {
    const end = second + 1;
    let index = 0;
    let arrival = count === 0 ? Infinity : second + 0.5 / count;
    for (;;) {
      const ending = this.#running.firstEndsAt;
      if (arrival <= ending) {
        if (arrival >= end) return;
        this.#arrive(arrival, arrival, this.#arrived, 0);
        this.#arrived += 1;
        index += 1;
        arrival = index < count ? second + (index + 0.5) / count : Infinity;
      } else {
        if (ending >= end) return;
        this.#end(ending);
      }
    }
  }

  #arrive(arrivedAt: number, now: number, job: number, attempts: number): void {
    if (this.#waiting.length === 0 && this.#tasks.hasFreeSlot) {
      const seconds = this.#serviceAt(job, now);
      this.#started(now - arrivedAt, attempts);
      this.#running.push(now + seconds, job, this.#tasks.occupy(), attempts + 1, seconds);
    } else {
      this.#waiting.push(arrivedAt, job, attempts);
    }
  }

  #startNext(now: number): void {
    const { headJob: job, headAttempts: attempts, oldestArrivedAt } = this.#waiting;
    const seconds = this.#serviceAt(job, now);
    this.#started(now - oldestArrivedAt, attempts);
    this.#waiting.shift();
    this.#running.push(now + seconds, job, this.#tasks.occupy(), attempts + 1, seconds);
  }

  #end(now: number): void {
    const running = this.#running;
    const { firstTask: task, firstJob, firstAttempts, firstServiceSeconds } = running;
    this.#finished += 1;
    this.#signals.ended(firstServiceSeconds);
    if (this.#isPoison(firstJob) && firstAttempts < POISON_ATTEMPTS)
      this.#retry(firstJob, firstAttempts, now);
    else this.#ended += 1;
    if (this.#waiting.length > 0 && this.#tasks.takesJobs(task)) {
      const { headJob: job, headAttempts: attempts, oldestArrivedAt } = this.#waiting;
      const seconds = this.#serviceAt(job, now);
      this.#started(now - oldestArrivedAt, attempts);
      this.#waiting.shift();
      running.replaceFirst(now + seconds, job, attempts + 1, seconds);
    } else {
      running.shift();
      this.#tasks.vacate(task, now);
    }
  }

  #retry(job: number, attempts: number, now: number): void {
    const at = now + (this.#scenario.poison?.retrySeconds ?? 0);
    this.#returns.push({ at, arrivedAt: now, job, attempts });
  }

  #isPoison(job: number): boolean {
    return this.#poisonBelow > 0 && mixed(job ^ 0x3c6ef372) < this.#poisonBelow;
  }

  #serviceAt(job: number, now: number): number {
    const seconds = this.#serviceSeconds(job);
    return this.#scenario.drift === undefined ? seconds : seconds * this.#scenario.drift(now);
  }

  #started(waitSeconds: number, attempts: number): void {
    if (attempts > 0) return;
    this.#waits.add(waitSeconds);
    this.#signals.started(waitSeconds);
    if (waitSeconds > this.#scenario.objectiveSeconds) this.#late += 1;
  }

  #look(now: number) {
    const { running, starting, leaving, busySlots, busyTasks, measuredStartupSeconds } = this.#tasks;
    return {
      now,
      desired: this.#desired,
      running,
      starting,
      leaving,
      busySlots,
      busyTasks,
      measuredStartupSeconds,
      visible: this.#waiting.length,
      inFlight: this.#running.length,
      delayed: this.#returns.length,
      oldestAge: this.#waiting.length === 0 ? 0 : now - this.#waiting.oldestArrivedAt,
      finished: this.#finished,
    };
  }

  #step(decide: (view: FleetView) => number, now: number): void {
    const { minTasks, maxTasks } = this.#scenario;
    const answer = decide(this.#signals.view());
    if (!Number.isFinite(answer)) return;
    const desired = Math.min(maxTasks, Math.max(minTasks, Math.round(answer)));
    if (desired !== this.#desired) {
      this.#actions += 1;
      this.#desired = desired;
    }
    // Also without a change: what was lost is replaced.
    if (desired !== this.#tasks.staying) this.#tasks.scaleTo(desired, now);
  }

  #result(now: number): SimulationResult {
    const { trace, policy, arrivals } = this.#options;
    return {
      trace,
      policy: policy.name,
      jobs: this.#arrived,
      unfinished: this.#arrived - this.#ended,
      late: this.#late + (this.#arrived - this.#waits.count),
      taskSeconds: this.#tasks.billedSeconds,
      killedBusy: this.#killedBusy,
      actions: this.#actions,
      days: Math.max(now, arrivals.length) / 86_400,
      p50WaitSeconds: this.#waits.quantile(0.5),
      p99WaitSeconds: this.#waits.quantile(0.99),
      maxWaitSeconds: this.#waits.maxSeconds,
      peakTasks: this.#tasks.peak,
      ...(this.#recording === undefined ? {} : { series: this.#recording.series() }),
    };
  }
}
