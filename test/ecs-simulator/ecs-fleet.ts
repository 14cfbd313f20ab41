/** Everything that a test of the ECS target needs: the stand-in, its workers, a client of the real SDK, a clock. */
import { ECSClient } from '@aws-sdk/client-ecs';
import { ecsTarget, type EcsTargetOptions } from '@longshore/autoscaler/ecs';
import type { ScalingTarget } from '@longshore/autoscaler';
import { manualClock, type ManualClock } from '../clock/manual-clock.ts';
import { startEcsSimulator, type EcsSimulator, type EcsSimulatorOptions } from './ecs-simulator.ts';
import { virtualWorkers, type VirtualWorkers } from './virtual-workers.ts';

export interface EcsFleet extends AsyncDisposable {
  readonly clock: ManualClock;
  readonly simulator: EcsSimulator;
  readonly workers: VirtualWorkers;
  readonly client: ECSClient;
  readonly target: ScalingTarget;
  /** Another target on the same cluster. */
  targetWith(options?: Partial<EcsTargetOptions>): ScalingTarget;
  /** Time passes, and workers report every 5 s. */
  pass(ms: number): Promise<void>;
  /** One tick of a controller that wants a count: observe, ask if that is not desired yet, let 10 s pass. */
  tick(service: string, wanted: number): Promise<void>;
  close(): Promise<void>;
}

const REPORT_MS = 5_000;
const TICK_MS = 10_000;

/** Marsaglia's xorshift: the same run for the same seed, a whole number other than 0. */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4_294_967_296;
  };
}

export function ecsClient(endpoint: string): ECSClient {
  return new ECSClient({
    region: 'eu-west-1',
    endpoint,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
}

export async function openEcsFleet(options: Partial<EcsSimulatorOptions> = {}): Promise<EcsFleet> {
  const clock = manualClock(1_800_000_000_000);
  const workers = virtualWorkers(clock);
  const { body, onStop } = workers;
  const simulator = await startEcsSimulator({
    clock,
    body,
    onStop,
    startupMs: () => 30_000,
    random: seededRandom(4_711),
    ...options,
  });
  const client = ecsClient(simulator.endpoint);
  const targetWith = (changes: Partial<EcsTargetOptions> = {}): ScalingTarget =>
    ecsTarget({ client, cluster: 'fleet', workers, control: workers, clock, random: () => 0.5, ...changes });
  const target = targetWith();
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= REPORT_MS) {
      await clock.advance(Math.min(left, REPORT_MS));
      workers.report();
    }
  };
  const close = async (): Promise<void> => {
    client.destroy();
    await simulator.close();
  };
  return {
    clock,
    simulator,
    workers,
    client,
    target,
    targetWith,
    pass,
    async tick(service, wanted) {
      const { desired } = await target.observe(service);
      if (desired !== wanted) await target.apply(service, wanted);
      await pass(TICK_MS);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
