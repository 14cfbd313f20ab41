/** The service's settings, read from the environment; all faults are told at once. */
import { LongshoreError, parseDurationMs } from '@longshore/job';
import { parseSinkSettings, type SinkSettings } from './sink-settings.ts';
import type { StoreLocation } from './store/open-dashboard-store.ts';

/** The settings. */
export interface DashboardSettings {
  readonly store: StoreLocation;
  readonly sinks: SinkSettings;
  /** Between two pushes of a dataset. */
  readonly intervalMs: number;
}

const INTERVAL_MS = 60_000;
const MIN_INTERVAL_MS = 1_000;

/** Reads them. @throws LongshoreError `invalid_options` */
export function readDashboardSettings(env: Readonly<Record<string, string | undefined>>): DashboardSettings {
  const { settings: sinks, faults: sinkFaults } = parseSinkSettings(env);
  const faults = [...sinkFaults];
  const store = parseStore(env['LONGSHORE_DASHBOARD_STORE'] ?? '');
  if (typeof store === 'string') faults.push(`LONGSHORE_DASHBOARD_STORE ${store}`);
  const interval = env['LONGSHORE_DASHBOARD_INTERVAL'] ?? '';
  const intervalMs = interval === '' ? INTERVAL_MS : durationOf(interval);
  if (intervalMs < MIN_INTERVAL_MS)
    faults.push(`LONGSHORE_DASHBOARD_INTERVAL: "${interval}" is no duration from 1s, such as 60s`);
  if (faults.length === 0 && Object.keys(sinks).length === 0)
    faults.push(
      'no dashboard is configured: set GECKOBOARD_API_KEY, or a variable of docs/dashboard-sinks.md',
    );
  if (typeof store === 'string' || faults.length > 0)
    throw new LongshoreError('invalid_options', `Cannot start dashboard-sync: ${faults.join('; ')}`, {
      details: { faults },
    });
  return { store, sinks, intervalMs };
}

function durationOf(text: string): number {
  try {
    return parseDurationMs(text);
  } catch {
    return 0;
  }
}

/** Where the counters are, or what is wrong. Not quoted: it may hold a password. */
function parseStore(text: string): StoreLocation | string {
  if (text === '') return 'is not set: give sqlite:///file or postgres://user@host/database';
  const url = URL.parse(text);
  if (url?.protocol === 'sqlite:' && url.host === '' && url.pathname.length > 1)
    return { kind: 'sqlite', path: decodeURIComponent(url.pathname) };
  if (url?.protocol === 'postgres:' || url?.protocol === 'postgresql:')
    return { kind: 'postgres', url: text };
  return 'is no location: expected sqlite:///file or postgres://user@host/database';
}
