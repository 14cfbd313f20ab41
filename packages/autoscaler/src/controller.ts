/**
 * The control loop: measure, decide, apply, record, for each service apart.
 *
 * A service that cannot be measured, or whose call hangs, holds and never stops the others. Counts are absolute, so a
 * failed or lost `apply` is simply asked for again at the next tick.
 */
import { LongshoreError, sleep, systemClock, type Clock } from '@longshore/job';
import { decide } from './policy/decide.ts';
import type { Decision } from './policy/decision.ts';
import { EMPTY_HISTORY, type ScalingHistory } from './policy/history.ts';
import type { BacklogSource, ScalingTarget, TargetFacts } from './ports.ts';
import type { ScalingSpec } from './policy/spec.ts';
import { within } from './within.ts';

/** Where the autoscaler tells what it does; pino's interface, as far as it is used. */
export interface AutoscalerLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** A service under control. */
export interface ScaledService {
  readonly spec: ScalingSpec;
  /** The service's queue. */
  readonly backlog: BacklogSource;
}

/** A decision and what came of it. */
export interface ScalingRecord extends Omit<Decision, 'history'> {
  readonly service: string;
  readonly atMs: number;
  /** Whether a new count was asked for, and the target took it. */
  readonly isApplied: boolean;
}

/** Options of {@link createAutoscaler}. */
export interface AutoscalerOptions {
  readonly services: readonly ScaledService[];
  readonly target: ScalingTarget;
  /** Pause between ticks. Default 10,000; the spec's `lagMs` should be about this and the age of the counts. */
  readonly intervalMs?: number;
  /** Longest wait for one call to a queue or the target. Default 10,000. */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
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
}

interface Controlled extends ScaledService {
  history: ScalingHistory;
  /** An `apply` that has not answered yet, perhaps of an earlier tick. */
  applying: Promise<void> | undefined;
}

interface Loop {
  readonly controller: AbortController;
  readonly done: Promise<void>;
}

const DEFAULT_INTERVAL_MS = 10_000;
const DEFAULT_TIMEOUT_MS = 10_000;
const SILENT: AutoscalerLog = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/**
 * A control loop over services, stopped at first.
 *
 * @throws LongshoreError `invalid_options` when a time is not positive or two services have one name.
 */
export function createAutoscaler(options: AutoscalerOptions): Autoscaler {
  checkOptions(options);
  const { intervalMs = DEFAULT_INTERVAL_MS, clock = systemClock } = options;
  const services: Controlled[] = options.services.map((service) => ({
    ...service,
    history: EMPTY_HISTORY,
    applying: undefined,
  }));
  let loop: Loop | undefined;
  let round: Promise<readonly ScalingRecord[]> | undefined;
  let isStopping = false;

  const tick = (): Promise<readonly ScalingRecord[]> => {
    round ??= roundOver(services, options, () => isStopping).finally(() => {
      round = undefined;
    });
    return round;
  };
  const run = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      await tick();
      await sleep(intervalMs, { clock, signal });
    }
  };
  const stop = async (): Promise<void> => {
    const stopped = loop;
    isStopping = true;
    stopped?.controller.abort();
    await stopped?.done;
    await round;
    if (loop === stopped) {
      loop = undefined;
      isStopping = false;
    }
  };
  return {
    tick,
    start() {
      if (loop !== undefined && !isStopping) return;
      isStopping = false;
      const controller = new AbortController();
      loop = { controller, done: run(controller.signal) };
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

async function roundOver(
  services: readonly Controlled[],
  options: AutoscalerOptions,
  isStopping: () => boolean,
): Promise<readonly ScalingRecord[]> {
  const { log = SILENT } = options;
  const records = services.map(async (service) => {
    try {
      return [await scaleService(service, options, isStopping)];
    } catch (error) {
      log.error({ error, service: service.spec.service }, `Could not decide for ${service.spec.service}`);
      return [];
    }
  });
  return (await Promise.all(records)).flat();
}

async function scaleService(
  service: Controlled,
  options: AutoscalerOptions,
  isStopping: () => boolean,
): Promise<ScalingRecord> {
  const { clock = systemClock, log = SILENT, onDecision } = options;
  const { spec } = service;
  const [queue, target] = await Promise.all([
    measureQueue(service, options),
    observeTarget(service, options),
  ]);
  const nowMs = clock.nowMs();
  const { history, ...decision } = decide({ queue, target }, spec, service.history, nowMs);
  service.history = history;
  const isChange = target !== undefined && decision.desired !== target.desired;
  const isApplied = isChange && !isStopping() && (await apply(service, decision.desired, options));
  const record: ScalingRecord = { ...decision, service: spec.service, atMs: nowMs, isApplied };
  if (isChange) log.info({ ...record }, `Scaling ${spec.service}: ${decision.reason}`);
  else log.debug({ ...record }, `Keeping ${spec.service}: ${decision.reason}`);
  try {
    onDecision?.(record);
  } catch (error) {
    log.warn({ error, service: spec.service }, 'The decision callback failed');
  }
  return record;
}

async function measureQueue({ spec, backlog }: Controlled, options: AutoscalerOptions) {
  const { clock = systemClock, log = SILENT, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  try {
    // The time before the call: counts may be older than this, never newer.
    const atMs = clock.nowMs();
    const { backlog: visible, inFlight, delayed } = await within(timeoutMs, clock, () => backlog.counts());
    return { backlog: visible, inFlight, delayed, atMs };
  } catch (error) {
    log.warn(
      { error, service: spec.service },
      `Could not measure the queue of ${spec.service}, holding its count`,
    );
    return undefined;
  }
}

async function observeTarget(
  { spec }: Controlled,
  options: AutoscalerOptions,
): Promise<TargetFacts | undefined> {
  const { clock = systemClock, log = SILENT, target, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  try {
    return await within(timeoutMs, clock, () => target.observe(spec.service));
  } catch (error) {
    log.warn(
      { error, service: spec.service },
      `Could not observe the tasks of ${spec.service}, holding its count`,
    );
    return undefined;
  }
}

async function apply(service: Controlled, desired: number, options: AutoscalerOptions): Promise<boolean> {
  const { clock = systemClock, log = SILENT, target, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const { spec } = service;
  if (service.applying !== undefined) {
    // Two at once could arrive in the wrong order and leave the older count.
    log.warn(
      { service: spec.service, desired },
      `An earlier count of ${spec.service} is still unanswered, asking again later`,
    );
    return false;
  }
  try {
    await within(timeoutMs, clock, () => {
      const applying = target.apply(spec.service, desired);
      const settled = (): void => {
        service.applying = undefined;
      };
      service.applying = applying.then(settled, settled);
      return applying;
    });
    return true;
  } catch (error) {
    log.warn(
      { error, service: spec.service, desired },
      `Could not scale ${spec.service} to ${desired}, asking again at the next tick`,
    );
    return false;
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
