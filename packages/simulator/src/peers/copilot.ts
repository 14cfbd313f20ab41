/**
 * AWS Copilot's worker services with `queue_delay`: a function publishes the backlog per task each minute, a target
 * tracking policy follows it.
 */
import type { SimulatedPolicy } from '../policy.ts';
import { trackedTarget } from './tracked-target.ts';

const MINUTE_SECONDS = 60;
/** `ScaleOutCooldown` and `ScaleInCooldown` of Copilot's template. */
const OUT_COOLDOWN_SECONDS = 60;
const IN_COOLDOWN_SECONDS = 120;
const GRACE_SECONDS = 30;

/**
 * The target is `acceptable_latency` over `msg_processing_time`, rounded up; the metric is visible messages over running
 * tasks, rounded up, where no task counts as one. The alarms are those of every target tracking policy. At least one
 * task is kept: from none, a backlog within the target would never raise the alarm.
 *
 * The function asks the queue and the service itself, so that its points are fresh where those of CloudWatch are a minute
 * old; that the alarms see them at once is assumed.
 */
export function copilot(): SimulatedPolicy {
  return {
    name: 'copilot',
    description: 'AWS Copilot queue_delay, ceil(visible / running) each minute, cooldowns 60 s and 120 s',
    sources: [
      'aws/copilot-cli cf-custom-resources/lib/backlog-per-task-calculator.js',
      'aws/copilot-cli internal/pkg/template/templates/workloads/partials/cf/autoscaling.yml',
      'aws/copilot-cli internal/pkg/manifest/svc.go (AcceptableBacklogPerTask)',
    ],
    everySeconds: MINUTE_SECONDS,
    signal: 'queue',
    removal: { graceSeconds: GRACE_SECONDS },
    start({ objectiveSeconds, serviceMeanSeconds, minTasks, maxTasks }) {
      const track = trackedTarget({
        target: Math.ceil(objectiveSeconds / serviceMeanSeconds),
        outSeconds: OUT_COOLDOWN_SECONDS,
        inSeconds: IN_COOLDOWN_SECONDS,
        minTasks: Math.max(minTasks, 1),
        maxTasks,
        scaleIn: 'gradual',
      });
      return ({ nowSeconds, desired, running, visible }) => {
        const value = Math.ceil(visible / Math.max(running, 1));
        return track({ nowSeconds, desired, value }) ?? Math.max(desired, minTasks, 1);
      };
    },
  };
}
