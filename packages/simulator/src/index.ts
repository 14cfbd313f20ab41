export type {
  FleetView,
  PolicySetting,
  RunningPolicy,
  SimulatedPolicy,
  Removal,
  SignalSource,
} from './policy.ts';
export type { ResultSeries, SimulationResult } from './result.ts';
export { arrivalsPerSecond, type ArrivalOptions } from './traces/arrivals-per-second.ts';
export { parseTrace } from './traces/parse-trace.ts';
export { seededRandom, type SeededRandom } from './traces/seeded-random.ts';
export { syntheticTraces } from './traces/synthetic-traces.ts';
export type { Trace } from './traces/trace.ts';
export { cdkSteps, type CdkStepsOptions } from './peers/cdk-steps.ts';
export { copilot } from './peers/copilot.ts';
export { fixedAtMean, fixedAtPeak } from './peers/fixed.ts';
export { keda, type KedaOptions } from './peers/keda.ts';
export { latencySteps } from './peers/latency-steps.ts';
export { peers, type PeersOptions } from './peers/peers.ts';
export { targetTracking, type TargetTrackingOptions } from './peers/target-tracking.ts';
export { simulate, type SimulationOptions } from './engine/engine.ts';
export {
  EVERYDAY,
  meanServiceSeconds,
  type Scenario,
  type SimulatedJobType,
  type SimulatedPool,
} from './engine/scenario.ts';
export { longshore, type LongshoreOptions } from './longshore.ts';
export { clairvoyant, workBound } from './reference/clairvoyant.ts';
export { advice, type Advice, type AdviceOptions } from './report/advice.ts';
export { resultChart, type ChartOptions } from './report/result-chart.ts';
export { resultJson, type ResultJson } from './report/result-json.ts';
export { resultTable, type ResultColumn, type ResultRow, type ResultTable } from './report/result-table.ts';
export { scalingChart, type ScalingPoint } from './report/scaling-chart.ts';
