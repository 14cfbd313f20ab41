/**
 * Kubernetes' HorizontalPodAutoscaler on one external metric with an average value per pod, as its controller computes
 * it at each sync. There are two code paths: without a `behavior` in the specification (what KEDA creates unless told
 * otherwise) and with one, and they differ in how fast they go up and in what the stabilisation window holds.
 *
 * Read in kubernetes/kubernetes `pkg/controller/podautoscaler/horizontal.go` (`normalizeDesiredReplicas`,
 * `normalizeDesiredReplicasWithBehaviors`, `calculateScaleUpLimit`), `replica_calculator.go`
 * (`GetExternalPerPodMetricReplicas`) and `pkg/apis/autoscaling/v2/defaults.go`.
 */

/** `--horizontal-pod-autoscaler-sync-period`. */
export const SYNC_SECONDS = 15;
/** `--horizontal-pod-autoscaler-tolerance`: a ratio this near to 1 changes nothing. */
const TOLERANCE = 0.1;
/** `--horizontal-pod-autoscaler-downscale-stabilization`. */
const DOWN_WINDOW_SECONDS = 300;
/** Without a behavior, one sync goes up to twice the pods, or to this many. */
const UP_TO_AT_LEAST = 4;
/** With a behavior, the default policies add this many pods or 100 % within 15 seconds, whichever is more. */
const UP_BY_AT_LEAST = 4;

/** Options of {@link horizontalPodAutoscaler}. */
export interface PodAutoscalerOptions {
  /** Value of the metric that one pod is to have, above 0. */
  readonly averageValue: number;
  /** From 1: to 0 the autoscaler does not go by itself. */
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** Stabilisation window for going down, as a `behavior` of the specification; without one there is no behavior. */
  readonly behaviorDownWindowSeconds?: number;
}

/** What a sync reads. */
export interface PodAutoscalerSync {
  readonly nowSeconds: number;
  /** Replicas asked for. */
  readonly specReplicas: number;
  /** Pods that exist, ready or not. */
  readonly statusReplicas: number;
  /** The external metric's total. */
  readonly metric: number;
}

/** An autoscaler with its memory of recommendations: call it every {@link SYNC_SECONDS}; it answers with replicas. */
export function horizontalPodAutoscaler(options: PodAutoscalerOptions): (sync: PodAutoscalerSync) => number {
  const { averageValue, minReplicas, maxReplicas, behaviorDownWindowSeconds } = options;
  const windowSeconds = behaviorDownWindowSeconds ?? DOWN_WINDOW_SECONDS;
  const hasBehavior = behaviorDownWindowSeconds !== undefined;
  let recommendations: { readonly atSeconds: number; readonly replicas: number }[] = [];

  /** The highest recommendation of the window, this one included, which is then remembered. */
  function stabilised(replicas: number, { nowSeconds, specReplicas }: PodAutoscalerSync): number {
    // Without a behavior a recommendation as old as the window still counts; with one it does not.
    recommendations = recommendations.filter(({ atSeconds }) =>
      hasBehavior ? nowSeconds - atSeconds < windowSeconds : nowSeconds - atSeconds <= windowSeconds,
    );
    const highest = recommendations.reduce((most, past) => Math.max(most, past.replicas), replicas);
    recommendations.push({ atSeconds: nowSeconds, replicas });
    // A behavior's window for going up is 0 by default; without one, the past holds the count up and pulls it up alike.
    return hasBehavior && replicas >= specReplicas ? replicas : highest;
  }

  return (sync) => {
    const { specReplicas, statusReplicas, metric } = sync;
    if (specReplicas === 0) return 0;
    if (specReplicas > maxReplicas) return maxReplicas;
    if (specReplicas < minReplicas) return minReplicas;
    const isWithinTolerance = Math.abs(1 - metric / (averageValue * statusReplicas)) <= TOLERANCE;
    const recommended = isWithinTolerance ? statusReplicas : Math.ceil(metric / averageValue);
    const wanted = stabilised(recommended, sync);
    // A policy's period equals the sync's, so that what was added before never counts against the limit. All pods may go.
    const limit = hasBehavior
      ? Math.max(specReplicas + UP_BY_AT_LEAST, 2 * specReplicas)
      : Math.max(2 * specReplicas, UP_TO_AT_LEAST);
    return Math.max(Math.min(wanted, limit, maxReplicas), minReplicas);
  };
}
