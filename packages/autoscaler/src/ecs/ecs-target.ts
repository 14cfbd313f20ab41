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
import { EcsService } from './ecs-service.ts';
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
  /** Bound of one call, and of the wait for its turn. Default 4,500: both together end before a controller's 10 s do. */
  readonly timeoutMs?: number;
}

/** Believed to be 50 at once and 5 per second per account and Region; AWS does not publish it by action. */
const DEFAULT_UPDATE_RATE: CallRate = { burst: 15, perSecond: 1.5 };
const DEFAULT_DESCRIBE_RATE: CallRate = { burst: 15, perSecond: 5 };
const DEFAULT_TIMEOUT_MS = 4_500;

/**
 * A target on an ECS cluster. Nothing is sent before the first call.
 *
 * `observe` and `apply` throw `service_missing` where there is no such active service or cluster, `unsupported` for a
 * service of the DAEMON kind, `credentials_unavailable`, and `target_unavailable` for everything else; the last two are
 * retryable. While a service is on its way to a count, `observe` tells another `desired` than that count, so that it is
 * asked for again; asking again is what makes it go on.
 *
 * @throws LongshoreError `invalid_options`, all faults in one message
 */
export function ecsTarget(options: EcsTargetOptions): ScalingTarget {
  checkOptions(options);
  const { client, cluster, clock = systemClock, random = Math.random } = options;
  const { updateRate = DEFAULT_UPDATE_RATE, describeRate = DEFAULT_DESCRIBE_RATE } = options;
  const { timeoutMs = DEFAULT_TIMEOUT_MS, serviceName = (service: string) => service } = options;
  const calls = ecsCalls({ client, cluster, clock, random, updateRate, describeRate, timeoutMs });
  const services = new Map<string, EcsService>();

  const serviceOf = (name: string): EcsService => {
    let service = services.get(name);
    if (service === undefined) {
      service = new EcsService(name, serviceName(name), { ...options, clock, calls });
      services.set(name, service);
    }
    return service;
  };
  return {
    observe: async (service) => serviceOf(service).observe(),
    apply: async (service, desired) => {
      checkCount(service, desired);
      await serviceOf(service).scaleTo(desired);
    },
  };
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
  if (!(timeoutMs > 0 && Number.isFinite(timeoutMs)))
    faults.push(`timeoutMs is ${timeoutMs}, expected milliseconds above 0`);
  for (const [name, { burst, perSecond }] of Object.entries({ updateRate, describeRate })) {
    if (!(burst >= 1)) faults.push(`${name}.burst is ${burst}, expected at least 1`);
    if (!(perSecond > 0)) faults.push(`${name}.perSecond is ${perSecond}, expected more than 0`);
  }
  if (faults.length > 0)
    throw new LongshoreError('invalid_options', `Cannot scale on ECS: ${faults.join('; ')}`);
}
