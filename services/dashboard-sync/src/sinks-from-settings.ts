/** Opens the sinks that are configured, and closes what they hold, all or none. */
import type { Clock } from '@longshore/job';
import type { DashboardSink } from './dashboard-sink.ts';
import { geckoboardSink } from './geckoboard/geckoboard-sink.ts';
import { grafanaAnnotationsSink } from './grafana/grafana-annotations-sink.ts';
import { grafanaSink } from './grafana/grafana-sink.ts';
import { prometheusSink } from './prometheus/prometheus-sink.ts';
import type { SinkSettings } from './sink-settings.ts';
import { webhookSink } from './webhook/webhook-sink.ts';

/** Sinks, until they are disposed of. */
export interface OpenedSinks extends AsyncDisposable {
  readonly sinks: readonly DashboardSink[];
}

/**
 * Opens them; a sink that serves listens from then on. Disposing of them ends servers, with 5 seconds for answers under
 * way, and connections.
 *
 * @throws LongshoreError `invalid_options` for a port that is taken, and what {@link parseSinkSettings} would refuse
 */
export async function sinksFromSettings(
  settings: SinkSettings,
  options: { readonly clock?: Clock } = {},
): Promise<OpenedSinks> {
  const { geckoboard, webhook, annotations, prometheus, grafana } = settings;
  const clock = options.clock === undefined ? {} : { clock: options.clock };
  const held: AsyncDisposable[] = [];
  const sinks: DashboardSink[] = [];
  const hold = <Opened extends AsyncDisposable>(opened: Opened): Opened => {
    held.push(opened);
    return opened;
  };
  const close = async (): Promise<void> => {
    await Promise.all(held.splice(0).map((each) => each[Symbol.asyncDispose]()));
  };
  try {
    if (geckoboard !== undefined) sinks.push(geckoboardSink(geckoboard));
    if (webhook !== undefined) sinks.push(hold(webhookSink({ ...webhook, ...clock })));
    if (annotations !== undefined) sinks.push(grafanaAnnotationsSink(annotations));
    if (prometheus !== undefined) sinks.push(hold(await prometheusSink({ ...prometheus, ...clock })));
    if (grafana !== undefined) sinks.push(hold(await grafanaSink({ ...grafana, ...clock })));
  } catch (error) {
    await close();
    throw error;
  }
  return { sinks, [Symbol.asyncDispose]: close };
}
