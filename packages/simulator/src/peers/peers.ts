/** The peers that a comparison runs, each with the settings that its documentation gives or recommends. */
import type { SimulatedPolicy } from '../policy.ts';
import { cdkSteps } from './cdk-steps.ts';
import { copilot } from './copilot.ts';
import { fixedAtMean, fixedAtPeak } from './fixed.ts';
import { keda } from './keda.ts';
import { latencySteps } from './latency-steps.ts';
import { targetTracking } from './target-tracking.ts';

/** Options of {@link peers}. */
export interface PeersOptions {
  /** The trace's arrivals per second: with them, the two fixed fleets are in the list. */
  readonly arrivals?: Uint32Array;
  /**
   * `terminationGracePeriodSeconds` of the Kubernetes peers. Default 30, that of a pod; 7,200 shows what they cost when
   * nothing is killed. ECS allows 120 at most on Fargate, so that there is no such choice for the AWS peers.
   */
  readonly podGraceSeconds?: number;
}

/**
 * All peers, in the order of tables.
 *
 * @throws LongshoreError `invalid_options` when an option is out of range.
 */
export function peers({ arrivals, podGraceSeconds = 30 }: PeersOptions = {}): readonly SimulatedPolicy[] {
  const graceSeconds = podGraceSeconds;
  return [
    keda({ name: 'keda-default', graceSeconds }),
    keda({ name: 'keda-slots', queueLength: 'slots', graceSeconds }),
    keda({ name: 'keda-slots-down-60', queueLength: 'slots', downWindowSeconds: 60, graceSeconds }),
    targetTracking({ name: 'target-tracking' }),
    targetTracking({ name: 'target-tracking-proportional', scaleIn: 'proportional' }),
    copilot(),
    cdkSteps({ name: 'cdk-steps', withCpu: false }),
    cdkSteps({ name: 'cdk-steps-cpu', withCpu: true }),
    latencySteps(),
    ...(arrivals === undefined ? [] : [fixedAtMean(arrivals), fixedAtPeak(arrivals)]),
  ];
}
