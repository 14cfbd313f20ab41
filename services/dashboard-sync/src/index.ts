export type {
  DashboardSink,
  Dataset,
  Field,
  FieldType,
  Row,
  SinkCallOptions,
  SinkLimits,
} from './dashboard-sink.ts';
export { defineDataset, rowFaults } from './define-dataset.ts';
export {
  GECKOBOARD_LIMITS,
  geckoboardSink,
  type GeckoboardSinkOptions,
} from './geckoboard/geckoboard-sink.ts';
