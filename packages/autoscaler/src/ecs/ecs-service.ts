/**
 * One service of the target: what was seen last, what was asked for last, and the next step between the two.
 *
 * All of its memory can be lost. A count that somebody else set ends what was asked for before.
 */
import { LongshoreError, type Clock } from '@longshore/job';
import type { AutoscalerLog } from '../controller.ts';
import type { TargetFacts } from '../ports.ts';
import type { EcsCalls } from './ecs-calls.ts';
import { census, scalePlan, type ScalePlan, type Told } from './scale-in-plan.ts';
import { ecsServiceState, type EcsServiceState } from './service-state.ts';
import { StartupTimes } from './startup-times.ts';
import { targetFacts } from './target-facts.ts';
import type { ReportedWorker, WorkerControl, WorkerReports } from './worker-ports.ts';

/** What a service is observed and scaled with. */
export interface EcsServiceOptions {
  readonly cluster: string;
  readonly workers: WorkerReports;
  readonly control?: WorkerControl;
  readonly log?: Pick<AutoscalerLog, 'info' | 'warn'>;
  readonly clock: Clock;
  readonly calls: EcsCalls;
}

/** A count is applied to what was observed at most so long ago. */
const FRESH_MS = 5_000;
/** From the moment that ECS counts a task no longer to its SIGTERM: it may still report. */
const STOPPING_MS = 5_000;
const NOBODY: Told = new Map();

/** One service in ECS. */
export class EcsService {
  readonly #service: string;
  readonly #ecsName: string;
  readonly #options: EcsServiceOptions;
  readonly #startups = new StartupTimes();
  #state: EcsServiceState | undefined;
  /** The last list of workers to drain. */
  #told: Told = NOBODY;
  /** A leader before may have left a list. */
  #hasTold = false;
  /** As in the plan. */
  #settledMs = Infinity;
  /** What was asked for last, and the count that ECS had or got then. */
  #asked: { readonly wanted: number; readonly count: number } | undefined;

  constructor(service: string, ecsName: string, options: EcsServiceOptions) {
    this.#service = service;
    this.#ecsName = ecsName;
    this.#options = options;
  }

  async observe(): Promise<TargetFacts> {
    const state = await this.#look();
    const facts = targetFacts(
      state,
      this.#options.workers,
      this.#service,
      this.#startups.startupMs,
      this.#told,
    );
    return { ...facts, desired: this.#desired(state) };
  }

  async scaleTo(wanted: number): Promise<void> {
    const known = this.#state;
    const isFresh = known !== undefined && this.#options.clock.nowMs() - known.atMs <= FRESH_MS;
    const state = isFresh ? known : await this.#look();
    const plan = this.#plan(wanted, state);
    this.#asked = { wanted, count: state.desired };
    if (plan.count <= state.desired) {
      await this.#drain(plan);
      await this.#count(wanted, plan, state);
      return;
    }
    // More tasks wait for no document.
    const steps = await Promise.allSettled([this.#count(wanted, plan, state), this.#drain(plan)]);
    const failed = steps.find((step) => step.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async #look(): Promise<EcsServiceState> {
    const { clock, cluster, calls } = this.#options;
    const atMs = clock.nowMs();
    const state = ecsServiceState(this.#ecsName, cluster, await calls.describe(this.#ecsName), atMs);
    if (this.#asked?.count !== state.desired) this.#asked = undefined;
    if (state.running + state.pending <= state.desired)
      this.#settledMs = Math.min(this.#settledMs, atMs + STOPPING_MS);
    this.#state = state;
    this.#startups.observe(state);
    return state;
  }

  /** What was asked for, once nothing is left to do for it; until then something else. */
  #desired(state: EcsServiceState): number {
    if (this.#asked === undefined) return state.desired;
    const { wanted } = this.#asked;
    const plan = this.#plan(wanted, state);
    if (plan.count === state.desired && !this.#isNews(plan)) return wanted;
    if (state.desired !== wanted) return state.desired;
    const { drainingBusy, drainingIdle } = census(
      state,
      this.#options.workers.workers(this.#service),
      this.#told,
    );
    return Math.max(0, wanted - Math.max(1, drainingBusy + drainingIdle));
  }

  #plan(wanted: number, state: EcsServiceState): ScalePlan {
    const { workers, control } = this.#options;
    return scalePlan(wanted, {
      state,
      workers: workers.workers(this.#service),
      told: this.#told,
      settledMs: this.#settledMs,
      canDrain: control !== undefined,
    });
  }

  async #drain(plan: ScalePlan): Promise<void> {
    const { control } = this.#options;
    const { draining } = plan;
    if (control === undefined || (this.#hasTold && !this.#isNews(plan))) return;
    const nowMs = this.#options.clock.nowMs();
    const outcome = await control.drain(this.#service, draining);
    if (outcome.kind === 'outranked') {
      this.#asked = undefined;
      throw new LongshoreError(
        'closed',
        `Cannot scale "${this.#service}": another controller leads; this one changes nothing`,
      );
    }
    this.#told = new Map(draining.map((id) => [id, this.#told.get(id) ?? nowMs]));
    this.#hasTold = true;
  }

  async #count(wanted: number, { count, draining }: ScalePlan, state: EcsServiceState): Promise<void> {
    if (count === state.desired) return;
    const { calls, log } = this.#options;
    if (count < state.desired) this.#settledMs = Infinity;
    await calls.update(this.#ecsName, count, count > state.desired);
    this.#state = { ...state, desired: count };
    this.#asked = { wanted, count };
    log?.info(
      { service: this.#service, from: state.desired, to: count, wanted, draining },
      `Asked ECS for ${count} tasks of ${this.#service}, ${state.desired} before`,
    );
  }

  /** Whether anybody has to be told. Who is gone needs not be told that it may stay. */
  #isNews({ draining }: ScalePlan): boolean {
    const told = this.#told;
    const isBack = ({ id, isAnswering }: ReportedWorker): boolean =>
      isAnswering && told.has(id) && !draining.includes(id);
    return draining.some((id) => !told.has(id)) || this.#options.workers.workers(this.#service).some(isBack);
  }
}
