export { createAutoscaler } from './controller.ts';
export type {
  Autoscaler,
  AutoscalerLog,
  AutoscalerOptions,
  ScaledService,
  ScalingRecord,
} from './controller.ts';
export { decide } from './decide.ts';
export type { Decision, DecisionInputs, LimitName, ScalingFacts } from './decision.ts';
export { EMPTY_HISTORY } from './history.ts';
export type { LoadSample, Recommendation, ScalingHistory } from './history.ts';
export type { BacklogCounts, BacklogSource, ScalingTarget, TargetFacts } from './ports.ts';
export { scalingSpec } from './spec.ts';
export type { ScalingSpec, ScalingTuning } from './spec.ts';
