import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { newSecret, verifyingKey } from '@longshore/webhooks';
import { describe, expect, test } from 'vitest';
import { conformanceDataset, measured } from './fixtures/stage.ts';
import { prometheusSink } from './prometheus/prometheus-sink.ts';
import { parseSinkSettings } from './sink-settings.ts';
import { sinksFromSettings } from './sinks-from-settings.ts';

const P = 'LONGSHORE_DASHBOARD_';

describe('the settings of sinks', () => {
  test('are empty without a variable, and with empty ones', () => {
    expect(parseSinkSettings({})).toEqual({ settings: {}, faults: [] });
    expect(parseSinkSettings({ GECKOBOARD_API_KEY: '', [`${P}WEBHOOK_URL`]: '  ' })).toEqual({
      settings: {},
      faults: [],
    });
  });

  test('hold what each adapter needs', () => {
    const [one, two] = [newSecret(), newSecret('v1a')];
    const env = {
      GECKOBOARD_API_KEY: ' key ',
      [`${P}GECKOBOARD_URL`]: 'http://127.0.0.1:4000',
      [`${P}WEBHOOK_URL`]: 'http://10.1.2.3/hook',
      [`${P}WEBHOOK_SECRETS`]: `${one}, ${two}`,
      [`${P}WEBHOOK_ALLOW_PRIVATE`]: '10.1.0.0/16',
      [`${P}WEBHOOK_ALLOW_HTTP`]: 'on',
      [`${P}ANNOTATIONS_URL`]: 'https://grafana.example.com',
      [`${P}ANNOTATIONS_TOKEN`]: 'glsa_x',
      [`${P}ANNOTATIONS_DATASETS`]: 'longshore.failures, longshore.spikes',
      [`${P}PROMETHEUS_PORT`]: '9464',
      [`${P}PROMETHEUS_HOST`]: '0.0.0.0',
      [`${P}GRAFANA_PORT`]: '9465',
      [`${P}GRAFANA_TOKEN`]: 'a-token-of-some-length',
    };
    expect(parseSinkSettings(env)).toEqual({
      settings: {
        geckoboard: { apiKey: 'key', url: 'http://127.0.0.1:4000/' },
        webhook: {
          url: 'http://10.1.2.3/hook',
          secrets: [one, two],
          allowPrivate: ['10.1.0.0/16'],
          allowHttp: true,
        },
        annotations: {
          url: 'https://grafana.example.com/',
          token: 'glsa_x',
          datasets: ['longshore.failures', 'longshore.spikes'],
        },
        prometheus: { port: 9464, host: '0.0.0.0' },
        grafana: { port: 9465, token: 'a-token-of-some-length' },
      },
      faults: [],
    });
  });

  test('tell every fault, with its variable, and no secret', () => {
    const env = {
      GECKOBOARD_API_KEY: 'secret-é',
      [`${P}WEBHOOK_URL`]: 'https://example.com',
      [`${P}WEBHOOK_SECRETS`]: 'whsec_secret',
      [`${P}WEBHOOK_ALLOW_HTTP`]: 'yes',
      [`${P}WEBHOOK_ALLOW_PRIVATE`]: '10.1',
      [`${P}ANNOTATIONS_URL`]: 'https://user:secret@grafana.example.com',
      [`${P}ANNOTATIONS_TOKEN`]: 'glsa_x',
      [`${P}PROMETHEUS_PORT`]: '0',
      [`${P}PROMETHEUS_HOST`]: '0.0.0.0',
      [`${P}GRAFANA_PORT`]: '9465',
      [`${P}GRAFANA_TOKEN`]: 'secret',
    };
    const { faults } = parseSinkSettings(env);
    expect(faults.toSorted()).toEqual([
      'GECKOBOARD_API_KEY: it holds a character that no key or token has',
      `${P}ANNOTATIONS_URL: expected an http or https URL without credentials or a query`,
      `${P}GRAFANA_TOKEN: it has 6 characters, expected at least 16 random ones`,
      `${P}PROMETHEUS_PORT: "0" is no port, expected 1 to 65535`,
      `${P}WEBHOOK_ALLOW_HTTP: "yes" is neither on nor off`,
      `${P}WEBHOOK_ALLOW_PRIVATE: Cannot allow network "10.1": expected an address and a length, such as 10.1.0.0/16`,
      `${P}WEBHOOK_SECRETS: Cannot use a webhook secret: whsec_ holds 4 bytes, expected 24 to 64`,
    ]);
    expect(faults.join()).not.toContain('secret-');
  });

  test('tell what is half configured, instead of leaving it out', () => {
    const halves = {
      [`${P}GECKOBOARD_URL`]: 'http://127.0.0.1:4000',
      [`${P}WEBHOOK_SECRETS`]: newSecret(),
      [`${P}ANNOTATIONS_URL`]: 'https://grafana.example.com',
      [`${P}ANNOTATIONS_TOKEN`]: 'glsa_x',
      [`${P}PROMETHEUS_HOST`]: '0.0.0.0',
      [`${P}GRAFANA_TOKEN`]: 'a-token-of-some-length',
    };
    expect(parseSinkSettings(halves).faults).toEqual([
      `${P}GECKOBOARD_URL is set, although GECKOBOARD_API_KEY is not`,
      `${P}WEBHOOK_SECRETS is set, although ${P}WEBHOOK_URL is not`,
      `${P}ANNOTATIONS_DATASETS is not set, although ${P}ANNOTATIONS_URL is`,
      `${P}PROMETHEUS_HOST is set, although ${P}PROMETHEUS_PORT is not`,
      `${P}GRAFANA_TOKEN is set, although ${P}GRAFANA_PORT is not`,
    ]);
    const verifying = {
      [`${P}WEBHOOK_URL`]: 'https://example.com',
      [`${P}WEBHOOK_SECRETS`]: verifyingKey(newSecret('v1a')),
    };
    expect(parseSinkSettings(verifying).faults).toEqual([
      `${P}WEBHOOK_SECRETS: whpk_ only verifies; give the whsk_ that belongs to it`,
    ]);
  });
});

describe('sinks from settings', () => {
  const all = {
    geckoboard: { apiKey: 'key' },
    webhook: { url: 'https://example.com', secrets: [newSecret()] },
    annotations: { url: 'https://grafana.example.com', token: 'glsa_x', datasets: ['a'] },
    prometheus: {},
    grafana: {},
  };

  test('are opened in order and closed together, twice too', async () => {
    const opened = await sinksFromSettings(all);
    expect(opened.sinks.map(({ name, isLocal }) => [name, isLocal])).toEqual([
      ['geckoboard', false],
      ['webhook', false],
      ['grafana-annotations', false],
      ['prometheus', true],
      ['grafana', true],
    ]);
    const local = opened.sinks.filter(({ isLocal }) => isLocal);
    const dataset = conformanceDataset('longshore.queues');
    for (const sink of local) {
      await sink.describe(dataset);
      await sink.push(dataset, [measured('pdf', 1)], 'replace');
    }
    const ports = local.map((sink) => (sink as { readonly port?: number }).port);
    await opened[Symbol.asyncDispose]();
    await opened[Symbol.asyncDispose]();
    for (const port of ports)
      await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow('fetch failed');
  });

  test('are all closed when one cannot be opened', async () => {
    await using taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    await using free = await prometheusSink();
    const { port } = free;
    await free[Symbol.asyncDispose]();
    const opening = sinksFromSettings({
      prometheus: { port },
      grafana: { port: (taken.address() as AddressInfo).port },
    });
    await expect(opening).rejects.toMatchObject({ code: 'invalid_options' });
    await expect(fetch(`http://127.0.0.1:${port}/metrics`)).rejects.toThrow('fetch failed');
  });
});
