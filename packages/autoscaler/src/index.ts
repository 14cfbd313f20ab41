export { createAutoscaler } from './controller.ts';
export type {
  Autoscaler,
  AutoscalerLog,
  AutoscalerOptions,
  ScaledService,
  ScalingRecord,
} from './controller.ts';
export { decide } from './policy/decide.ts';
export type { Decision, DecisionInputs, LimitName, Outlook, ScalingFacts } from './policy/decision.ts';
export { EMPTY_HISTORY } from './policy/history.ts';
export type { ScalingHistory } from './policy/history.ts';
export type { BacklogCounts, BacklogSource, JobTypeFacts, ScalingTarget, TargetFacts } from './ports.ts';
export { scalingSpec } from './policy/spec.ts';
export type { ScalingSpec, ScalingTuning } from './policy/spec.ts';
