export type {
  FleetView,
  PolicySetting,
  RunningPolicy,
  SimulatedPolicy,
  Removal,
  SignalSource,
} from './policy.ts';
export type { ResultSeries, SimulationResult } from './result.ts';
