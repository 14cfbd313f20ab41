/**
 * The control loop: measure, decide, apply, record, for all services at an interval; one controller of several leads, the
 * others decide as well, so that they are ready, and change nothing.
 */
import { randomUUID } from 'node:crypto';
import { LongshoreError, sleep, systemClock, type Clock } from '@longshore/job';
import { soleLeader, type LeaderLease, type Leadership } from './leader/leader-lease.ts';
import { controllerMetrics } from './metrics.ts';
import type { Outlook, PinFacts } from './policy/decision.ts';
import { EMPTY_HISTORY, type ScalingHistory } from './policy/history.ts';
import type { ScalingSpec } from './policy/spec.ts';
import type { BacklogSource, ScalingTarget } from './ports.ts';
import type { ControllerMode, DecisionSink, ScalingRecord, ShadowTotals } from './record.ts';
import { runRound, type Allocate } from './round.ts';
import { SinkQueue } from './sink-queue.ts';
import { within } from './within.ts';

/** Where the autoscaler tells what it does; a subset of common loggers' interfaces. */
export interface AutoscalerLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** A service under control. */
export interface ScaledService {
  readonly spec: ScalingSpec;
  /** The service's queue, or its queues, whose counts add up. */
  readonly backlog: BacklogSource | readonly BacklogSource[];
}

/** Options of {@link createAutoscaler}. */
export interface AutoscalerOptions {
  readonly services: readonly ScaledService[];
  readonly target: ScalingTarget;
  /** Default `apply`. `dry-run` decides and records; `shadow` also compares with the scaler that is in charge. */
  readonly mode?: ControllerMode;
  /** Pause between ticks. Default 5,000: the first message at zero waits no longer for a decision. */
  readonly intervalMs?: number;
  /** Longest wait for one call to a queue or the target. Default 10,000. */
  readonly timeoutMs?: number;
  /** Which controller of several acts. Default: this one is alone. */
  readonly lease?: LeaderLease;
  /** What is known of the time ahead of a service: calendar, season. */
  readonly outlook?: (service: string, nowMs: number) => Outlook | undefined;
  /** An operator's pin on a service. */
  readonly pin?: (service: string) => Promise<PinFacts | undefined>;
  /** Shares out what the services have together. Default: each gets what it asks for. */
  readonly allocate?: Allocate;
  /** Stores the records. Its failures are logged and never hold up a tick. */
  readonly sink?: DecisionSink;
  readonly clock?: Clock;
  readonly random?: () => number;
  readonly log?: AutoscalerLog;
  /** Called with every decision, changed or not. What it throws is logged. */
  readonly onDecision?: (record: ScalingRecord) => void;
}

/** A control loop. */
export interface Autoscaler extends AsyncDisposable {
  /** One round over all services; resolves with their decisions. A call during a round joins it. Never rejects. */
  tick(): Promise<readonly ScalingRecord[]>;
  /** Ticks now and after every interval. A second call does nothing. */
  start(): void;
  /** Resolves when no round runs and none will. A round under way asks for no further count. May be started again. */
  stop(): Promise<void>;
  /** Whether this controller acts. */
  readonly isLeader: boolean;
  /** Term of the leader as far as this controller knows; 0 before its first round. */
  readonly term: number;
  /** Prometheus text of the last round. */
  metricsText(): string;
}

/** A service and everything that is kept of it between rounds. */
export interface Controlled {
  readonly spec: ScalingSpec;
  readonly backlog: readonly BacklogSource[];
  history: ScalingHistory;
  /** An `apply` that has not answered yet, perhaps of an earlier tick. */
  applying: Promise<void> | undefined;
  /** No call before this time: earlier ones were throttled. */
  notBeforeMs: number;
  failures: number;
  recordedSpec: ScalingSpec | undefined;
  shadow:
    | {
        readonly totals: ShadowTotals;
        readonly incumbent: number;
        readonly ours: number;
        readonly atMs: number;
      }
    | undefined;
}

const DEFAULT_INTERVAL_MS = 5_000;
const DEFAULT_TIMEOUT_MS = 10_000;
const FOLLOWER: Leadership = { isLeader: false, term: 0, untilMs: 0 };
const SILENT: AutoscalerLog = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/**
 * A control loop over services, stopped at first.
 *
 * @throws LongshoreError `invalid_options` when a time is not positive or two services have one name.
 */
export function createAutoscaler(options: AutoscalerOptions): Autoscaler {
  checkOptions(options);
  return new ControlLoop(options);
}

class ControlLoop implements Autoscaler {
  readonly #options: AutoscalerOptions;
  readonly #services: readonly Controlled[];
  readonly #clock: Clock;
  readonly #log: AutoscalerLog;
  readonly #lease: LeaderLease;
  readonly #sink: SinkQueue | undefined;
  readonly #run: string = randomUUID();
  #leadership: Leadership = FOLLOWER;
  #loop: { readonly controller: AbortController; readonly done: Promise<void> } | undefined;
  #round: Promise<readonly ScalingRecord[]> | undefined;
  #isStopping = false;
  #last: readonly ScalingRecord[] = [];
  #rounds = 0;
  #roundMs = 0;

  constructor(options: AutoscalerOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#log = options.log ?? SILENT;
    this.#lease = options.lease ?? soleLeader();
    this.#sink = options.sink === undefined ? undefined : new SinkQueue(options.sink, this.#log);
    this.#services = options.services.map(({ spec, backlog }) => ({
      spec,
      backlog: 'counts' in backlog ? [backlog] : backlog,
      history: EMPTY_HISTORY,
      applying: undefined,
      notBeforeMs: -Infinity,
      failures: 0,
      recordedSpec: undefined,
      shadow: undefined,
    }));
  }

  get isLeader(): boolean {
    return this.#leadership.isLeader && this.#clock.nowMs() < this.#leadership.untilMs;
  }

  get term(): number {
    return this.#leadership.term;
  }

  tick(): Promise<readonly ScalingRecord[]> {
    this.#round ??= this.#tick().finally(() => {
      this.#round = undefined;
    });
    return this.#round;
  }

  start(): void {
    if (this.#loop !== undefined && !this.#isStopping) return;
    this.#isStopping = false;
    const controller = new AbortController();
    this.#loop = { controller, done: this.#repeat(controller.signal) };
  }

  async stop(): Promise<void> {
    const stopped = this.#loop;
    this.#isStopping = true;
    stopped?.controller.abort();
    await stopped?.done;
    await this.#round;
    await this.#sink?.idle();
    await this.#giveUp();
    if (this.#loop === stopped) {
      this.#loop = undefined;
      this.#isStopping = false;
    }
  }

  metricsText(): string {
    return controllerMetrics({
      records: this.#last,
      isLeader: this.isLeader,
      term: this.#leadership.term,
      rounds: this.#rounds,
      roundMs: this.#roundMs,
      droppedRecords: this.#sink?.dropped ?? 0,
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #repeat(signal: AbortSignal): Promise<void> {
    const { intervalMs = DEFAULT_INTERVAL_MS } = this.#options;
    while (!signal.aborted) {
      const startedMs = this.#clock.nowMs();
      await this.tick();
      const tookMs = this.#clock.nowMs() - startedMs;
      if (tookMs > intervalMs)
        this.#log.warn({ tookMs, intervalMs }, 'A round took longer than the interval between rounds');
      await sleep(Math.max(0, intervalMs - tookMs), { clock: this.#clock, signal });
    }
  }

  async #tick(): Promise<readonly ScalingRecord[]> {
    const { target, mode = 'apply', timeoutMs = DEFAULT_TIMEOUT_MS, random = Math.random } = this.#options;
    const { outlook, pin, allocate } = this.#options;
    const startedMs = this.#clock.nowMs();
    await this.#renew(timeoutMs);
    const records = await runRound(this.#services, {
      target,
      clock: this.#clock,
      log: this.#log,
      timeoutMs,
      mode,
      random,
      run: this.#run,
      term: this.#leadership.term,
      mayApply: () => this.isLeader && !this.#isStopping,
      ...(outlook === undefined ? {} : { outlook }),
      ...(pin === undefined ? {} : { pin }),
      ...(allocate === undefined ? {} : { allocate }),
    });
    this.#rounds += 1;
    this.#roundMs = this.#clock.nowMs() - startedMs;
    this.#last = records;
    this.#tell(records);
    return records;
  }

  async #renew(timeoutMs: number): Promise<void> {
    const before = this.#leadership;
    try {
      this.#leadership = await within(timeoutMs, this.#clock, () => this.#lease.renew());
    } catch (error) {
      // What was promised still holds, and nothing beyond it.
      this.#log.warn({ error }, 'Could not renew the lease of the autoscaler');
    }
    const { isLeader, term } = this.#leadership;
    // What it decided while it stood by is in no record: its next one says what it remembers.
    if (isLeader && !before.isLeader) for (const service of this.#services) service.recordedSpec = undefined;
    if (isLeader !== before.isLeader)
      this.#log.info({ term }, isLeader ? 'This autoscaler leads' : 'Another autoscaler leads, standing by');
  }

  async #giveUp(): Promise<void> {
    if (!this.#leadership.isLeader) return;
    this.#leadership = FOLLOWER;
    try {
      await this.#lease.release();
    } catch (error) {
      this.#log.warn({ error }, 'Could not give up the lease of the autoscaler; it ends by itself');
    }
  }

  #tell(records: readonly ScalingRecord[]): void {
    // Those that stand by decide to be ready; what they decided happened to nobody.
    const isHeard = this.isLeader || (this.#options.mode ?? 'apply') !== 'apply';
    if (isHeard) this.#sink?.push(records);
    for (const record of records) {
      if (!record.isApplied) this.#log.debug({ ...record }, record.reason);
      try {
        this.#options.onDecision?.(record);
      } catch (error) {
        this.#log.warn({ error, service: record.service }, 'The decision callback failed');
      }
    }
  }
}

function checkOptions({
  services,
  intervalMs = DEFAULT_INTERVAL_MS,
  timeoutMs = DEFAULT_TIMEOUT_MS,
}: AutoscalerOptions): void {
  const faults: string[] = [];
  for (const [name, value] of Object.entries({ intervalMs, timeoutMs })) {
    if (!(Number.isFinite(value) && value > 0))
      faults.push(`${name} is ${value}, expected milliseconds above 0`);
  }
  const names = services.map(({ spec }) => spec.service);
  for (const name of new Set(names.filter((candidate, index) => names.indexOf(candidate) !== index))) {
    faults.push(`service "${name}" is given twice`);
  }
  if (faults.length > 0)
    throw new LongshoreError('invalid_options', `Cannot autoscale: ${faults.join('; ')}`);
}
