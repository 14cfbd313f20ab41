/**
 * The AWS CDK's `QueueProcessingFargateService` and `QueueProcessingEc2Service`: steps on the visible messages, and target
 * tracking on the CPU beside them unless `disableCpuBasedScaling` is set.
 */
import type { SimulatedPolicy } from '../policy.ts';
import { previousMinute } from './previous-minute.ts';
import { scalingCooldown } from './scaling-cooldown.ts';
import { trackedTarget } from './tracked-target.ts';

const MINUTE_SECONDS = 60;
/** The metric is the maximum over five minutes, in points of a minute. */
const PERIOD_POINTS = 5;
/** No cooldown is given, so that Application Auto Scaling's default for ECS services holds. */
const COOLDOWN_SECONDS = 300;
const CPU_TARGET = 0.5;
const GRACE_SECONDS = 30;

/** Options of {@link cdkSteps}. */
export interface CdkStepsOptions {
  readonly name: string;
  /** Whether the construct's CPU policy works too, as it does by default. */
  readonly withCpu: boolean;
}

/**
 * The default steps: −1 task at 0 messages, +1 from 100, +5 from 500; one evaluation period. The construct's minimum of one task
 * is kept. Where its maximum of two tasks would bind, the setting's `maxTasks` stands instead. The share of busy slots
 * stands for the CPU, as if every job were pure computation.
 *
 * Of two policies that want different counts in the same minute, the larger count wins, as the service documents.
 */
export function cdkSteps({ name, withCpu }: CdkStepsOptions): SimulatedPolicy {
  return {
    name,
    description: `AWS CDK QueueProcessing service, steps 0/100/500 on visible messages${withCpu ? ', CPU 50 %' : ''}`,
    sources: [
      'aws/aws-cdk packages/aws-cdk-lib/aws-ecs-patterns/lib/base/queue-processing-service-base.ts',
      'aws/aws-cdk packages/aws-cdk-lib/aws-applicationautoscaling/lib/step-scaling-policy.ts',
      'aws-cdk-lib aws-sqs/lib/sqs-augmentations.generated.d.ts (maximum over 5 minutes)',
      'https://docs.aws.amazon.com/autoscaling/application/APIReference/API_StepScalingPolicyConfiguration.html',
      'https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html',
    ],
    everySeconds: MINUTE_SECONDS,
    signal: 'cloudwatch',
    removal: { graceSeconds: GRACE_SECONDS },
    start({ minTasks, maxTasks }) {
      const least = Math.max(minTasks, 1);
      const limits = {
        outSeconds: COOLDOWN_SECONDS,
        inSeconds: COOLDOWN_SECONDS,
        minTasks: least,
        maxTasks,
      };
      const steps = scalingCooldown(limits);
      const cpu = trackedTarget({ ...limits, target: CPU_TARGET, scaleIn: 'gradual' });
      const utilisationThen = previousMinute<number>();
      const points: number[] = [];

      function byQueue(nowSeconds: number, desired: number, visible: number): number | undefined {
        points.push(visible);
        if (points.length > PERIOD_POINTS) points.shift();
        const change = stepOf(Math.max(...points));
        const request = { nowSeconds, desired, wanted: (capacity: number) => capacity + change };
        if (change > 0) return steps.scaleOut(request);
        return change < 0 ? steps.scaleIn(request) : undefined;
      }

      return ({ nowSeconds, desired, visible, utilisation }) => {
        const queueCount = byQueue(nowSeconds, desired, visible);
        const value = utilisationThen(utilisation);
        const cpuCount = withCpu ? cpu({ nowSeconds, desired, value }) : undefined;
        if (queueCount === undefined && cpuCount === undefined) return Math.max(desired, least);
        return Math.max(queueCount ?? 0, cpuCount ?? 0);
      };
    },
  };
}

/** The change in tasks that the construct's default steps ask for. */
function stepOf(visible: number): number {
  if (visible >= 500) return 5;
  if (visible >= 100) return 1;
  return visible <= 0 ? -1 : 0;
}
