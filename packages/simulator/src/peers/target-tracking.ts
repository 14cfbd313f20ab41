/**
 * What AWS documents for an ECS service on a queue: target tracking on the backlog per task, made by metric math from
 * visible messages and running tasks.
 */
import type { SimulatedPolicy } from '../policy.ts';
import { previousMinute } from './previous-minute.ts';
import { trackedTarget } from './tracked-target.ts';

const MINUTE_SECONDS = 60;
/** Default cooldown of Application Auto Scaling for ECS services. */
const COOLDOWN_SECONDS = 300;
/** ECS sends SIGKILL after 30 seconds unless `stopTimeout` says otherwise. */
const GRACE_SECONDS = 30;

/** Options of {@link targetTracking}. */
export interface TargetTrackingOptions {
  readonly name: string;
  /** Going in: at most a fifth of the tasks at a time (default), or at once to what the metric asks for. */
  readonly scaleIn?: 'gradual' | 'proportional';
}

/**
 * The recipe: the target is the acceptable latency over the mean time that a task takes for a message, the metric is
 * visible messages over running tasks. A task that works on several messages at a time takes so much less for one.
 *
 * Without a running task there is no metric, and target tracking does nothing on insufficient data: the recipe cannot
 * leave 0. It therefore keeps at least one task, whatever the setting's minimum.
 */
export function targetTracking({ name, scaleIn = 'gradual' }: TargetTrackingOptions): SimulatedPolicy {
  return {
    name,
    description: `AWS target tracking on backlog per task, cooldowns 300 s, ${scaleIn} scale-in`,
    sources: [
      'https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-target-tracking-metric-math.html',
      'https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html',
      'https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-autoscaling-targettracking.html',
      'https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-using-sqs-queue.html',
      'https://repost.aws/questions/QUVoLPVCU5QamquwCMrFMOzw',
    ],
    everySeconds: MINUTE_SECONDS,
    signal: 'cloudwatch',
    removal: { graceSeconds: GRACE_SECONDS },
    start({ slots, objectiveSeconds, serviceMeanSeconds, minTasks, maxTasks }) {
      const track = trackedTarget({
        target: (objectiveSeconds * slots) / serviceMeanSeconds,
        outSeconds: COOLDOWN_SECONDS,
        inSeconds: COOLDOWN_SECONDS,
        minTasks: Math.max(minTasks, 1),
        maxTasks,
        scaleIn,
      });
      const runningThen = previousMinute<number>();
      return ({ nowSeconds, desired, running, visible }) => {
        const tasks = runningThen(running);
        const value = tasks === undefined || tasks === 0 ? undefined : visible / tasks;
        return track({ nowSeconds, desired, value }) ?? Math.max(desired, minTasks, 1);
      };
    },
  };
}
