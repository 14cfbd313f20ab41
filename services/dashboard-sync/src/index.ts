export type {
  DashboardSink,
  Dataset,
  Field,
  FieldType,
  OpenedSink,
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
export { grafanaSink, type GrafanaSink, type GrafanaSinkOptions } from './grafana/grafana-sink.ts';
export {
  grafanaAnnotationsSink,
  type GrafanaAnnotationsSinkOptions,
} from './grafana/grafana-annotations-sink.ts';
export {
  prometheusSink,
  type PrometheusSink,
  type PrometheusSinkOptions,
} from './prometheus/prometheus-sink.ts';
export { webhookSink, type DashboardWebhook, type WebhookSinkOptions } from './webhook/webhook-sink.ts';
export { parseSinkSettings, type ParsedSinkSettings, type SinkSettings } from './sink-settings.ts';
export { sinksFromSettings, type OpenedSinks } from './sinks-from-settings.ts';
