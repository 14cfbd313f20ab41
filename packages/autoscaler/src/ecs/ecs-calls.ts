/** The two calls to ECS, bounded in time and rate, with errors that say what to do. */
import { DescribeServicesCommand, UpdateServiceCommand, type ECSClient } from '@aws-sdk/client-ecs';
import type { Clock } from '@longshore/job';
import { within } from '../within.ts';
import { callQueue, type CallRate } from './call-queue.ts';
import { describeBatches, type DescribeService } from './describe-batch.ts';
import { ecsFault } from './ecs-fault.ts';

/** Where and how fast to call. */
export interface EcsCallsOptions {
  readonly client: Pick<ECSClient, 'send'>;
  readonly cluster: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly updateRate: CallRate;
  readonly describeRate: CallRate;
  readonly timeoutMs: number;
}

/** What the target asks of ECS. */
export interface EcsCalls {
  readonly describe: DescribeService;
  /** Sets a service's absolute count. A rise goes before all falls that wait. */
  update(name: string, desired: number, isRise: boolean): Promise<void>;
}

/** One hanging call holds up neither the others nor the sockets of the client. */
const CONCURRENCY = 4;

/** The calls of one target. */
export function ecsCalls(options: EcsCallsOptions): EcsCalls {
  const { client, cluster, clock, random, updateRate, describeRate, timeoutMs } = options;
  const waits = { concurrency: CONCURRENCY, patienceMs: timeoutMs, clock, random };
  const updates = callQueue({ ...waits, rate: updateRate });
  const reads = callQueue({ ...waits, rate: describeRate });
  const bounded = async <Result>(
    call: (options: { abortSignal: AbortSignal }) => Promise<Result>,
  ): Promise<Result> => {
    const controller = new AbortController();
    try {
      return await within(timeoutMs, clock, () => call({ abortSignal: controller.signal }));
    } finally {
      controller.abort();
    }
  };
  return {
    describe: describeBatches(
      cluster,
      (names) =>
        reads.run(false, () =>
          bounded((http) =>
            client.send(new DescribeServicesCommand({ cluster, services: [...names] }), http),
          ),
        ),
      (names, error) => ecsFault({ action: 'DescribeServices', cluster, services: names }, error),
    ),
    async update(name, desired, isRise) {
      try {
        await updates.run(isRise, () =>
          bounded((http) =>
            client.send(new UpdateServiceCommand({ cluster, service: name, desiredCount: desired }), http),
          ),
        );
      } catch (error) {
        throw ecsFault({ action: 'UpdateService', cluster, services: [name] }, error);
      }
    },
  };
}
