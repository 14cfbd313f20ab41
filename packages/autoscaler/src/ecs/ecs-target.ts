/**
 * Services on Amazon ECS, on Fargate or on instances, as a scaling target. It needs two actions of the API,
 * `DescribeServices` and `UpdateService`; which tasks are busy comes from the workers' own reports.
 *
 * Up is one absolute count. Down is cooperative and takes as many ticks as jobs take: workers are told to drain, and the
 * count follows those that have nothing left. A second instance, after a crash in the middle, goes on from what ECS and
 * the workers say.
 */
import type { ECSClient } from '@aws-sdk/client-ecs';
import { LongshoreError, systemClock, type Clock } from '@longshore/job';
import type { AutoscalerLog } from '../controller.ts';
import type { ScalingTarget } from '../ports.ts';
import type { CallRate } from './call-queue.ts';
import { ecsCalls } from './ecs-calls.ts';
import { scalePlan } from './scale-in-plan.ts';
import { ecsServiceState, type EcsServiceState } from './service-state.ts';
import { StartupTimes } from './startup-times.ts';
import { targetFacts } from './target-facts.ts';
import type { WorkerControl, WorkerReports } from './worker-ports.ts';

/** Options of {@link ecsTarget}. */
export interface EcsTargetOptions {
  /**
   * Built, configured and destroyed by the caller. Give it `maxAttempts: 2` and request timeouts: the SDK's defaults may
   * take minutes, of which this target waits for `timeoutMs` only.
   */
  readonly client: Pick<ECSClient, 'send'>;
  /** Name or ARN of the cluster. */
  readonly cluster: string;
  /** The name or ARN in ECS of a service of the fleet. Default: its own name. */
  readonly serviceName?: (service: string) => string;
  readonly workers: WorkerReports;
  /**
   * Tells workers to drain. Without it the count goes down to the busy tasks at once, and which tasks ECS stops is up to
   * it: busy ones are spared by their scale-in protection alone.
   */
  readonly control?: WorkerControl;
  readonly log?: Pick<AutoscalerLog, 'info' | 'warn'>;
  readonly clock?: Clock;
  readonly random?: () => number;
  /** Rate of `UpdateService`, all services together. Default 15 at once, 1.5 per second: 30 % of ECS's own limit. */
  readonly updateRate?: CallRate;
  /** Rate of `DescribeServices`, ten services a call. Default 15 at once, 5 per second. */
  readonly describeRate?: CallRate;
  /** Bound of one call. Default 5,000. */
  readonly timeoutMs?: number;
}

/** Believed to be 50 at once and 5 per second per account and Region; AWS does not publish it by action. */
const DEFAULT_UPDATE_RATE: CallRate = { burst: 15, perSecond: 1.5 };
const DEFAULT_DESCRIBE_RATE: CallRate = { burst: 15, perSecond: 5 };
const DEFAULT_TIMEOUT_MS = 5_000;
/** A count is applied to what was observed at most so long ago. */
const FRESH_MS = 5_000;

/** What the target remembers of a service; all of it can be lost. */
interface Memory {
  state: EcsServiceState | undefined;
  /** The last list of workers to drain; `undefined` before the first. */
  told: readonly string[] | undefined;
  readonly startups: StartupTimes;
}

/**
 * A target on an ECS cluster.
 *
 * `observe` throws `service_missing` where there is no such active service or cluster, `unsupported` for a DAEMON service,
 * `credentials_unavailable`, and `target_unavailable` (retryable) for everything else; so does `apply`.
 *
 * @throws LongshoreError `invalid_options`, all faults in one message
 */
export function ecsTarget(options: EcsTargetOptions): ScalingTarget {
  checkOptions(options);
  const { client, cluster, clock = systemClock, random = Math.random } = options;
  const { updateRate = DEFAULT_UPDATE_RATE, describeRate = DEFAULT_DESCRIBE_RATE } = options;
  const { timeoutMs = DEFAULT_TIMEOUT_MS, serviceName = (service: string) => service } = options;
  const ecs = ecsCalls({ client, cluster, clock, random, updateRate, describeRate, timeoutMs });
  const memories = new Map<string, Memory>();

  const memoryOf = (service: string): Memory => {
    const memory = memories.get(service) ?? {
      state: undefined,
      told: undefined,
      startups: new StartupTimes(),
    };
    memories.set(service, memory);
    return memory;
  };
  const look = async (service: string): Promise<EcsServiceState> => {
    const name = serviceName(service);
    const atMs = clock.nowMs();
    const state = ecsServiceState(name, cluster, await ecs.describe(name), atMs);
    const memory = memoryOf(service);
    memory.state = state;
    memory.startups.observe(state);
    return state;
  };
  return {
    async observe(service) {
      const state = await look(service);
      return targetFacts(state, options.workers, service, memoryOf(service).startups.startupMs);
    },
    async apply(service, desired) {
      checkCount(service, desired);
      const memory = memoryOf(service);
      const known = memory.state;
      const isFresh = known !== undefined && clock.nowMs() - known.atMs <= FRESH_MS;
      const state = isFresh ? known : await look(service);
      await step(service, desired, state, memory);
    },
  };

  async function step(
    service: string,
    desired: number,
    state: EcsServiceState,
    memory: Memory,
  ): Promise<void> {
    const { workers, control, log } = options;
    const told = new Set(memory.told);
    const plan = scalePlan(desired, {
      state,
      workers: workers.workers(service),
      told,
      canDrain: control !== undefined,
    });
    const drain = async (): Promise<void> => {
      const isNews = memory.told === undefined ? true : plan.draining.length > 0 || memory.told.length > 0;
      if (control === undefined || !isNews) return;
      await control.drain(service, plan.draining);
      memory.told = plan.draining;
    };
    const count = async (): Promise<void> => {
      if (plan.count === state.desired) return;
      await ecs.update(serviceName(service), plan.count, plan.count > state.desired);
      memory.state = { ...state, desired: plan.count };
      log?.info(
        { service, from: state.desired, to: plan.count, wanted: desired, draining: plan.draining },
        `Asked ECS for ${plan.count} tasks of ${service}, ${state.desired} before`,
      );
    };
    if (plan.count > state.desired) {
      // More tasks wait for no document.
      const failed = (await Promise.allSettled([count(), drain()])).find(
        (each) => each.status === 'rejected',
      );
      if (failed !== undefined) throw failed.reason;
      return;
    }
    await drain();
    await count();
  }
}

function checkCount(service: string, desired: number): void {
  if (Number.isSafeInteger(desired) && desired >= 0) return;
  throw new LongshoreError(
    'invalid_options',
    `Cannot scale "${service}" to ${desired}: expected a whole number from 0`,
  );
}

function checkOptions(options: EcsTargetOptions): void {
  const { cluster, updateRate = DEFAULT_UPDATE_RATE, describeRate = DEFAULT_DESCRIBE_RATE } = options;
  const { timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const faults: string[] = [];
  if (cluster === '') faults.push('cluster is empty, expected a name or an ARN');
  if (!(timeoutMs > 0)) faults.push(`timeoutMs is ${timeoutMs}, expected milliseconds above 0`);
  for (const [name, { burst, perSecond }] of Object.entries({ updateRate, describeRate })) {
    if (!(burst >= 1)) faults.push(`${name}.burst is ${burst}, expected at least 1`);
    if (!(perSecond > 0)) faults.push(`${name}.perSecond is ${perSecond}, expected more than 0`);
  }
  if (faults.length > 0)
    throw new LongshoreError('invalid_options', `Cannot scale on ECS: ${faults.join('; ')}`);
}
