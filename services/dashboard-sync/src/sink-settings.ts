/**
 * Which sinks an environment configures, as data. Faults are given back, so that a service tells them together with its
 * own. An adapter is configured by its first variable; one that is half configured is a fault, never left out.
 */
import { addressPolicy, parseEndpointUrl, readKey } from '@longshore/webhooks';
import type { GeckoboardSinkOptions } from './geckoboard/geckoboard-sink.ts';
import type { GrafanaAnnotationsSinkOptions } from './grafana/grafana-annotations-sink.ts';
import { MIN_TOKEN_CHARACTERS, type GrafanaSinkOptions } from './grafana/grafana-sink.ts';
import type { PrometheusSinkOptions } from './prometheus/prometheus-sink.ts';
import type { WebhookSinkOptions } from './webhook/webhook-sink.ts';

/** What is configured; absent where an adapter is not. */
export interface SinkSettings {
  readonly geckoboard?: GeckoboardSinkOptions;
  readonly webhook?: WebhookSinkOptions;
  readonly annotations?: GrafanaAnnotationsSinkOptions;
  readonly prometheus?: PrometheusSinkOptions;
  readonly grafana?: GrafanaSinkOptions;
}

/** Settings, and what is wrong with the environment: `NAME: reason`. With a fault, the settings are not whole. */
export interface ParsedSinkSettings {
  readonly settings: SinkSettings;
  readonly faults: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads them. `docs/dashboard-sinks.md` lists the variables. Never throws, and shows no secret. */
export function parseSinkSettings(env: Environment): ParsedSinkSettings {
  const faults: string[] = [];
  const reader = readerOf(env, faults);
  const parts: { readonly [Part in keyof Required<SinkSettings>]: SinkSettings[Part] | undefined } = {
    geckoboard: geckoboardSettings(reader),
    webhook: webhookSettings(reader),
    annotations: annotationSettings(reader),
    prometheus: servedSettings(reader, 'LONGSHORE_DASHBOARD_PROMETHEUS'),
    grafana: grafanaSettings(reader),
  };
  return { settings: withoutUndefined(parts), faults };
}

interface Reader {
  /** `undefined` where it is not set, or at fault. */
  readonly read: <Value>(name: string, parse: (text: string) => Value) => Value | undefined;
  /** The same, and a fault where it is not set although `because` is. */
  readonly needed: <Value>(
    name: string,
    because: string,
    parse: (text: string) => Value,
  ) => Value | undefined;
  /** A fault for each that is set although `because` is not. */
  readonly alone: (because: string, names: readonly string[]) => void;
}

function readerOf(env: Environment, faults: string[]): Reader {
  const isSet = (name: string): boolean => (env[name] ?? '').trim() !== '';
  const reader: Reader = {
    read(name, parse) {
      if (!isSet(name)) return undefined;
      try {
        return parse((env[name] ?? '').trim());
      } catch (error) {
        faults.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
        return undefined;
      }
    },
    needed(name, because, parse) {
      if (!isSet(name)) faults.push(`${name} is not set, although ${because} is`);
      return reader.read(name, parse);
    },
    alone(because, names) {
      if (isSet(because)) return;
      for (const name of names.filter(isSet)) faults.push(`${name} is set, although ${because} is not`);
    },
  };
  return reader;
}

function geckoboardSettings({ read, alone }: Reader): GeckoboardSinkOptions | undefined {
  const apiKey = read('GECKOBOARD_API_KEY', parseHeaderText);
  if (apiKey === undefined) {
    alone('GECKOBOARD_API_KEY', ['LONGSHORE_DASHBOARD_GECKOBOARD_URL']);
    return undefined;
  }
  const url = read('LONGSHORE_DASHBOARD_GECKOBOARD_URL', parseHttpUrl);
  return { apiKey, ...withoutUndefined({ url }) };
}

function webhookSettings({ read, needed, alone }: Reader): WebhookSinkOptions | undefined {
  const prefix = 'LONGSHORE_DASHBOARD_WEBHOOK';
  const allowPrivate = read(`${prefix}_ALLOW_PRIVATE`, parseNetworks) ?? [];
  const allowHttp = read(`${prefix}_ALLOW_HTTP`, parseSwitch) ?? false;
  const policy = addressPolicy({ allowPrivate, allowHttp });
  const url = read(`${prefix}_URL`, (text) => parseEndpointUrl(text, policy).href);
  if (url === undefined) {
    alone(
      `${prefix}_URL`,
      ['_SECRETS', '_ALLOW_PRIVATE', '_ALLOW_HTTP'].map((end) => prefix + end),
    );
    return undefined;
  }
  const secrets = needed(`${prefix}_SECRETS`, `${prefix}_URL`, parseSecrets);
  return secrets === undefined ? undefined : { url, secrets, allowPrivate, allowHttp };
}

function annotationSettings({ read, needed, alone }: Reader): GrafanaAnnotationsSinkOptions | undefined {
  const prefix = 'LONGSHORE_DASHBOARD_ANNOTATIONS';
  const url = read(`${prefix}_URL`, parseHttpUrl);
  if (url === undefined) {
    alone(`${prefix}_URL`, [`${prefix}_TOKEN`, `${prefix}_DATASETS`]);
    return undefined;
  }
  const token = needed(`${prefix}_TOKEN`, `${prefix}_URL`, parseHeaderText);
  const datasets = needed(`${prefix}_DATASETS`, `${prefix}_URL`, words);
  return token === undefined || datasets === undefined ? undefined : { url, token, datasets };
}

function grafanaSettings(reader: Reader): GrafanaSinkOptions | undefined {
  const prefix = 'LONGSHORE_DASHBOARD_GRAFANA';
  const served = servedSettings(reader, prefix, ['_TOKEN']);
  if (served === undefined) return undefined;
  const token = reader.read(`${prefix}_TOKEN`, parseReaderToken);
  return { ...served, ...withoutUndefined({ token }) };
}

function servedSettings(
  { read, alone }: Reader,
  prefix: string,
  others: readonly string[] = [],
): PrometheusSinkOptions | undefined {
  const port = read(`${prefix}_PORT`, parsePort);
  if (port === undefined) {
    alone(
      `${prefix}_PORT`,
      ['_HOST', ...others].map((end) => prefix + end),
    );
    return undefined;
  }
  const host = read(`${prefix}_HOST`, (text) => text);
  return { port, ...withoutUndefined({ host }) };
}

function parseHttpUrl(text: string): string {
  const url = URL.parse(text);
  const isUsable = url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.search === '';
  // Not quoted: it may hold a password.
  if (!isUsable) throw new TypeError('expected an http or https URL without credentials or a query');
  return url.href;
}

/** What goes into a header as it is. */
function parseHeaderText(text: string): string {
  if (/^[\x21-\x7e]+$/.test(text)) return text;
  throw new TypeError('it holds a character that no key or token has');
}

function parseReaderToken(text: string): string {
  if (text.length >= MIN_TOKEN_CHARACTERS) return parseHeaderText(text);
  throw new TypeError(
    `it has ${text.length} characters, expected at least ${MIN_TOKEN_CHARACTERS} random ones`,
  );
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port > 0 && port <= 65_535) return port;
  throw new TypeError(`"${text}" is no port, expected 1 to 65535`);
}

function parseSecrets(text: string): readonly string[] {
  const secrets = words(text);
  if (secrets.every((secret) => readKey(secret).canSign)) return secrets;
  throw new TypeError('whpk_ only verifies; give the whsk_ that belongs to it');
}

function parseNetworks(text: string): readonly string[] {
  const allowPrivate = words(text);
  addressPolicy({ allowPrivate });
  return allowPrivate;
}

function parseSwitch(text: string): boolean {
  if (text === 'on' || text === 'off') return text === 'on';
  throw new TypeError(`"${text}" is neither on nor off`);
}

function words(text: string): readonly string[] {
  const found = text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
  if (found.length === 0) throw new TypeError(`"${text}" names nothing`);
  return found;
}

type Defined<Values> = { [Key in keyof Values]?: Exclude<Values[Key], undefined> };

function withoutUndefined<Values extends object>(values: Values): Defined<Values> {
  return Object.fromEntries(
    Object.entries(values).filter(([, value]) => value !== undefined),
  ) as Defined<Values>;
}
