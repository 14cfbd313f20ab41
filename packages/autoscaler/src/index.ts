export { createAutoscaler } from './controller.ts';
export type { Autoscaler, AutoscalerLog, AutoscalerOptions, ScaledService } from './controller.ts';
export { emfSink } from './cloudwatch/emf-sink.ts';
export type { EmfSinkOptions } from './cloudwatch/emf-sink.ts';
export { soleLeader } from './leader/leader-lease.ts';
export type { LeaderLease, Leadership } from './leader/leader-lease.ts';
export { objectsLease } from './leader/objects-lease.ts';
export type { ObjectsLeaseOptions } from './leader/objects-lease.ts';
export { postgresLease } from './leader/postgres-lease.ts';
export type { PostgresLeaseOptions, PostgresQueries } from './leader/postgres-lease.ts';
export { redisLease } from './leader/redis-lease.ts';
export type { RedisLeaseOptions, RedisScripts } from './leader/redis-lease.ts';
export { MAX_PIN_MS, pinService, readPin, unpinService } from './pins/pins.ts';
export type { Pin } from './pins/pins.ts';
export { decide } from './policy/decide.ts';
export type {
  Decision,
  DecisionInputs,
  LimitName,
  Outlook,
  PinFacts,
  ScalingFacts,
} from './policy/decision.ts';
export { EMPTY_HISTORY } from './policy/history.ts';
export type { ScalingHistory } from './policy/history.ts';
export { scalingSpec } from './policy/spec.ts';
export type { ScalingSpec, ScalingTuning } from './policy/spec.ts';
export type { BacklogCounts, BacklogSource, JobTypeFacts, ScalingTarget, TargetFacts } from './ports.ts';
export type { ControllerMode, DecisionSink, ScalingRecord, ShadowTotals } from './record.ts';
export { replay } from './replay.ts';
export type { Replay, ReplayDifference } from './replay.ts';
export type { Allocate, Wish } from './round.ts';
export { ledgerSink, readDecisions } from './ledger-sink.ts';
export type { ReadDecisionsOptions } from './ledger-sink.ts';
export { seasonOutlook } from './season-outlook.ts';
export type { SeasonOutlook, SeasonOutlookOptions } from './season-outlook.ts';
