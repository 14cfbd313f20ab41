/** The service's settings, read from the environment; all faults are told at once. */
import { LongshoreError, parseDurationMs } from '@longshore/job';
import { addressPolicy } from '@longshore/webhooks';
import type { StoreLocation } from './open-delivery-store.ts';

/** What a process that manages endpoints needs: where they are stored, and which targets are allowed. */
export interface DeskSettings {
  readonly store: StoreLocation;
  readonly allowPrivate: readonly string[];
  readonly allowHttp: boolean;
  /** Names of queues that endpoints of kind `sqs` may name. */
  readonly queues: readonly string[];
}

/** The settings of a worker. */
export interface DeliverySettings extends DeskSettings {
  readonly publicUrl: URL;
  readonly linkKey: string;
  /** Where `GET /d/<token>` listens; absent: this process serves no links. */
  readonly links?: { readonly port: number; readonly host: string };
  readonly availableForMs?: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads those of a worker. @throws LongshoreError `invalid_options` */
export function readDeliverySettings(env: Environment): DeliverySettings {
  const reader = settingsReader(env);
  const { read, required } = reader;
  const desk = readDesk(reader);
  const publicUrl = required(
    'LONGSHORE_DELIVERY_PUBLIC_URL',
    'the URL under which people reach the links',
    parsePublicUrl,
  );
  const linkKey = required('LONGSHORE_DELIVERY_LINK_KEY', 'at least 32 random characters', parseLinkKey);
  const port = read('LONGSHORE_DELIVERY_LINKS_PORT', parsePort);
  const availableForMs = read('LONGSHORE_DELIVERY_AVAILABLE_FOR', parseDuration);
  if (reader.faults.length > 0 || desk === undefined || publicUrl === undefined || linkKey === undefined)
    throw new LongshoreError('invalid_options', `Cannot start delivery: ${reader.faults.join('; ')}`);
  const host = env['LONGSHORE_DELIVERY_LINKS_HOST'] ?? '127.0.0.1';
  return {
    ...desk,
    publicUrl,
    linkKey,
    ...(port === undefined ? {} : { links: { port, host } }),
    ...(availableForMs === undefined ? {} : { availableForMs }),
  };
}

/** Reads what managing endpoints needs. @throws LongshoreError `invalid_options` */
export function readDeskSettings(env: Environment): DeskSettings {
  const reader = settingsReader(env);
  const desk = readDesk(reader);
  if (reader.faults.length === 0 && desk !== undefined) return desk;
  throw new LongshoreError('invalid_options', `Cannot open delivery: ${reader.faults.join('; ')}`);
}

function readDesk({ read, required }: SettingsReader): DeskSettings | undefined {
  const store = required('LONGSHORE_DELIVERY_STORE', 'sqlite:///file or postgres://…', parseStore);
  const allowPrivate = read('LONGSHORE_DELIVERY_ALLOW_PRIVATE', parseNetworks) ?? [];
  const allowHttp = read('LONGSHORE_DELIVERY_ALLOW_HTTP', parseSwitch) ?? false;
  const queues = read('LONGSHORE_DELIVERY_QUEUES', words) ?? [];
  return store === undefined ? undefined : { store, allowPrivate, allowHttp, queues };
}

/** Reads one variable after the other; what is wrong is kept, so that all of it is told at once. */
interface SettingsReader {
  readonly faults: readonly string[];
  readonly read: <Value>(name: string, parse: (value: string) => Value) => Value | undefined;
  readonly required: <Value>(
    name: string,
    what: string,
    parse: (value: string) => Value,
  ) => Value | undefined;
}

function settingsReader(env: Environment): SettingsReader {
  const faults: string[] = [];
  const read: SettingsReader['read'] = (name, parse) => {
    const value = env[name];
    if (value === undefined || value === '') return undefined;
    try {
      return parse(value);
    } catch (error) {
      faults.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  };
  const required: SettingsReader['required'] = (name, what, parse) => {
    if (env[name] === undefined || env[name] === '') faults.push(`${name} is not set: give ${what}`);
    return read(name, parse);
  };
  return { faults, read, required };
}

function parseStore(text: string): StoreLocation {
  const url = URL.parse(text);
  if (url?.protocol === 'sqlite:' && url.host === '' && url.pathname.length > 1)
    return { kind: 'sqlite', path: decodeURIComponent(url.pathname) };
  if (url?.protocol === 'postgres:' || url?.protocol === 'postgresql:')
    return { kind: 'postgres', url: text };
  // Not quoted: it may hold a password.
  throw new TypeError('expected sqlite:///file or postgres://user@host/database');
}

function parsePublicUrl(text: string): URL {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol) && url.search === '' && url.hash === '') return url;
  throw new TypeError(`"${text}" is no http or https URL`);
}

function parseLinkKey(text: string): string {
  if (text.length >= 32) return text;
  throw new TypeError(`it has ${text.length} characters, expected at least 32 random ones`);
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new TypeError(`"${text}" is no port, expected 0 to 65535`);
}

function parseDuration(text: string): number {
  const ms = parseDurationMs(text);
  if (ms !== undefined && ms > 0) return ms;
  throw new TypeError(`"${text}" is no duration, expected one such as 30d`);
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
  return text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
}
