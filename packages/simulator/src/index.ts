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
