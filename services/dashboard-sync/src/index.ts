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
export {
  countDocument,
  countDocumentHandler,
  type CountDocument,
  type CountDocumentOptions,
} from './count-document.ts';
export { documentsPerHour } from './datasets/documents-per-hour.ts';
export { queueLatency } from './datasets/queue-latency.ts';
export { shippedDatasets } from './datasets/shipped-datasets.ts';
export type { Counters, TalliedDataset, Tally } from './datasets/tallied-dataset.ts';
export { createPusher, type Pusher, type PusherOptions } from './push/pusher.ts';
export { readDashboardSettings, type DashboardSettings } from './settings.ts';
export type {
  CallRequest,
  CountedFact,
  CountedRow,
  DashboardStore,
  RowQuery,
} from './store/dashboard-store.ts';
export {
  openDashboardStore,
  type OpenDashboardStoreOptions,
  type StoreLocation,
} from './store/open-dashboard-store.ts';
