/**
 * KEDA's `aws-sqs-queue` trigger on a Deployment: its operator switches between none and one at each poll, an ordinary
 * HorizontalPodAutoscaler does the rest, reading the queue itself at each of its syncs.
 */
import { LongshoreError } from '@longshore/job';
import type { SimulatedPolicy } from '../policy.ts';
import { horizontalPodAutoscaler, SYNC_SECONDS } from './horizontal-pod-autoscaler.ts';

/** Default `queueLength`, messages per pod. */
const QUEUE_LENGTH = 5;
/** Default `pollingInterval`. */
const POLLING_SECONDS = 30;
/** Default `cooldownPeriod`: without activity for longer, all pods go. */
const COOLDOWN_SECONDS = 300;
/** Default `terminationGracePeriodSeconds` of a pod. */
const GRACE_SECONDS = 30;

/** Options of {@link keda}. */
export interface KedaOptions {
  readonly name: string;
  /** Messages per pod, or `slots` for as many as one task runs at a time. Default 5. */
  readonly queueLength?: number | 'slots';
  /** Seconds between two polls of the operator, a whole number from 1. Default 30. */
  readonly pollingSeconds?: number;
  /** Seconds without activity before the last pods go. Default 300. Only when the setting's minimum is 0. */
  readonly cooldownSeconds?: number;
  /** `activationQueueLength`: more messages than this are activity. Default 0. */
  readonly activationQueueLength?: number;
  /** `behavior.scaleDown.stabilizationWindowSeconds`. Default: no behavior, 300 seconds. */
  readonly downWindowSeconds?: number;
  /** `terminationGracePeriodSeconds`. Default 30. */
  readonly graceSeconds?: number;
}

/**
 * KEDA with its documented defaults. The metric is the sum of visible and in flight messages (`scaleOnInFlight` is on by
 * default, `scaleOnDelayed` off). Where its `maxReplicaCount` of 100 would bind, the setting's `maxTasks` stands instead.
 *
 * @throws LongshoreError `invalid_options` when a figure is out of range.
 */
export function keda(options: KedaOptions): SimulatedPolicy {
  const { name, queueLength = QUEUE_LENGTH, downWindowSeconds, activationQueueLength = 0 } = options;
  const { pollingSeconds = POLLING_SECONDS, cooldownSeconds = COOLDOWN_SECONDS } = options;
  const { graceSeconds = GRACE_SECONDS } = options;
  if (queueLength !== 'slots' && !(queueLength > 0)) throw fault(name, 'queueLength', queueLength);
  if (!(Number.isSafeInteger(pollingSeconds) && pollingSeconds > 0)) {
    throw fault(name, 'pollingSeconds', pollingSeconds);
  }
  const window = downWindowSeconds === undefined ? '' : `, down-scale window ${downWindowSeconds} s`;
  return {
    name,
    description: `KEDA aws-sqs-queue, queueLength ${queueLength}, poll ${pollingSeconds} s${window}, grace ${graceSeconds} s`,
    sources: [
      'kedacore/keda pkg/scalers/aws_sqs_queue_scaler.go',
      'kedacore/keda pkg/scaling/executor/scale_scaledobjects.go',
      'kedacore/keda controllers/keda/hpa.go',
      'kubernetes/kubernetes pkg/controller/podautoscaler/horizontal.go',
      'https://keda.sh/docs/latest/scalers/aws-sqs/',
    ],
    everySeconds: greatestCommonDivisor(pollingSeconds, SYNC_SECONDS),
    signal: 'queue',
    removal: { graceSeconds },
    start({ slots, minTasks, maxTasks }) {
      const sync = horizontalPodAutoscaler({
        averageValue: queueLength === 'slots' ? slots : queueLength,
        minReplicas: Math.max(minTasks, 1),
        maxReplicas: maxTasks,
        ...(downWindowSeconds === undefined ? {} : { behaviorDownWindowSeconds: downWindowSeconds }),
      });
      const isPollDue = every(pollingSeconds);
      const isSyncDue = every(SYNC_SECONDS);
      let activeSeconds = -Infinity;

      function poll(nowSeconds: number, metric: number, replicas: number): number {
        if (metric > activationQueueLength) {
          activeSeconds = nowSeconds;
          return replicas === 0 ? Math.max(minTasks, 1) : replicas;
        }
        if (minTasks > 0) return Math.max(replicas, minTasks);
        return nowSeconds - activeSeconds > cooldownSeconds ? 0 : replicas;
      }

      return ({ nowSeconds, desired, running, starting, visible, inFlight }) => {
        const metric = visible + inFlight;
        const replicas = isPollDue(nowSeconds) ? poll(nowSeconds, metric, desired) : desired;
        if (!isSyncDue(nowSeconds)) return replicas;
        // The pod that the poll has just asked for does not exist yet: no division by 0.
        const statusReplicas = Math.max(running + starting, 1);
        return sync({ nowSeconds, specReplicas: replicas, statusReplicas, metric });
      };
    },
  };
}

/** Says at each step whether a period has passed since it last said so; the first step is due. */
function every(periodSeconds: number): (nowSeconds: number) => boolean {
  let dueSeconds = -Infinity;
  return (nowSeconds) => {
    if (nowSeconds < dueSeconds) return false;
    dueSeconds = nowSeconds + periodSeconds;
    return true;
  };
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

function fault(name: string, option: string, value: number): LongshoreError {
  return new LongshoreError(
    'invalid_options',
    `Cannot make peer "${name}": ${option} is ${value}, give a number above 0, whole for seconds`,
  );
}
