import { describe, expect, it } from 'vitest';
import { readDashboardSettings } from './settings.ts';

const STORE = 'postgres://longshore:secret@db/fleet';

describe('the settings of dashboard-sync', () => {
  it('name a store, a dashboard and a pace', () => {
    const env = { LONGSHORE_DASHBOARD_STORE: 'sqlite:///var/lib/boards.db', GECKOBOARD_API_KEY: 'key' };
    expect(readDashboardSettings(env)).toEqual({
      store: { kind: 'sqlite', path: '/var/lib/boards.db' },
      sinks: { geckoboard: { apiKey: 'key' } },
      intervalMs: 60_000,
    });
    expect(
      readDashboardSettings({ ...env, LONGSHORE_DASHBOARD_STORE: STORE, LONGSHORE_DASHBOARD_INTERVAL: '5s' }),
    ).toMatchObject({ store: { kind: 'postgres', url: STORE }, intervalMs: 5_000 });
  });

  it.each([
    ['no store', { GECKOBOARD_API_KEY: 'key' }, /LONGSHORE_DASHBOARD_STORE is not set/],
    [
      'another store',
      { LONGSHORE_DASHBOARD_STORE: 'mysql://u:secret@h/d', GECKOBOARD_API_KEY: 'key' },
      /is no location/,
    ],
    ['no dashboard', { LONGSHORE_DASHBOARD_STORE: STORE }, /no dashboard is configured/],
    [
      'no pace',
      { LONGSHORE_DASHBOARD_STORE: STORE, GECKOBOARD_API_KEY: 'key', LONGSHORE_DASHBOARD_INTERVAL: 'often' },
      /INTERVAL: "often"/,
    ],
    [
      'a faulty sink',
      { LONGSHORE_DASHBOARD_STORE: STORE, LONGSHORE_DASHBOARD_PROMETHEUS_PORT: 'x' },
      /PROMETHEUS_PORT/,
    ],
  ])('are refused with %s', (_, env, message) => {
    expect(() => readDashboardSettings(env)).toThrow(message);
    expect(() => readDashboardSettings(env)).not.toThrow(/secret/);
  });
});
