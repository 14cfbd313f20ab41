/**
 * The settings that a worker service and the CLI take from the environment: where the queues and the objects are.
 * Everything is checked at once.
 *
 * | variable | meaning | default |
 * |---|---|---|
 * | `LONGSHORE_REDIS_URL` | `redis://` or `rediss://` URL: the queues are BullMQ's in this Redis | SQS |
 * | `LONGSHORE_SQS_ENDPOINT` | URL of an SQS-compatible endpoint | AWS |
 * | `LONGSHORE_SQS_TRANSPORT` | `lean`, or `sdk` for FIPS and dual-stack endpoints and proxies | `lean`, or `sdk` where the environment asks for one of these |
 * | `LONGSHORE_OBJECTS` | `file:///folder` or `s3://bucket/prefix` | required |
 * | `LONGSHORE_S3_ENDPOINT` | URL of an S3-compatible endpoint | AWS |
 * | `LONGSHORE_MIN_RELEASE_SECONDS` | messages given back stay hidden at least this long, 0 to 60 | 0 |
 * | `LONGSHORE_POLL_SECONDS` | length of a long poll, 1 to 20 | 20 |
 * | `LONGSHORE_LOG_LEVEL` | `debug`, `info`, `warn`, `error`, `silent` | `info` |
 * | `LONGSHORE_TASK_PROTECTION` | `on`: on ECS, jobs longer than two minutes run only under task scale-in protection; the task's role needs `ecs:UpdateTaskProtection` | `off` |
 * | `LONGSHORE_SPOT_NOTICES` | `on`: drain at EC2's notice that it takes a Spot instance back; on ECS that comes as SIGTERM | `off` |
 * | `LONGSHORE_HEARTBEATS` | `queue`: report to the fleet's facts queue; `off`: do not | `queue`, or `off` for a child process that reports to its parent |
 * | `LONGSHORE_REVISION` | which build this is, as the worker reports it | on ECS, task definition `family:revision` |
 * | `LONGSHORE_HEALTH_PORT` | port of `/livez`, `/readyz`, `/metrics`; 0 takes a free one | none |
 * | `LONGSHORE_HEALTH_HOST` | address that it listens on | `127.0.0.1` |
 * | `LONGSHORE_SERVICES` | services of the fleet that run here, by comma: jobs that only others take are not enqueued | all |
 * | `LONGSHORE_LEDGER` | `sqlite:///file` or `postgres://…`: where jobs are recorded; see `open-ledger.ts` | none |
 * | `LONGSHORE_LEDGER_RETENTION` | how long it keeps what | `counts=35d,jobs=7d,scaling=14d` |
 * | `LONGSHORE_REVISION` | what runs here, for the ledger: a commit, an image's digest | empty |
 * | `AWS_REGION` | region | `us-east-1` with an endpoint, else required |
 *
 * Credentials: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN` where they are set, else the AWS SDK's
 * own chain (ECS task role, profile).
 */
import { fileURLToPath } from 'node:url';
import { LongshoreError } from '@longshore/job';
import type { LogLevel } from '@longshore/worker';
import { readLedgerLocation, type LedgerLocation } from './open-ledger.ts';

/** Environment variables, as in `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Where objects lie. */
export type ObjectsLocation =
  | { readonly kind: 'fs'; readonly root: string }
  | { readonly kind: 's3'; readonly bucket: string; readonly prefix: string };

/** Static credentials. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Parsed settings. */
export interface Settings {
  /** Absent: the SDK finds them. */
  readonly credentials: Credentials | undefined;
  readonly region: string | undefined;
  /** Set: the queues are in this Redis. Absent: they are on SQS. */
  readonly redisUrl: string | undefined;
  readonly sqsEndpoint: string | undefined;
  readonly sqsTransport: 'lean' | 'sdk';
  readonly s3Endpoint: string | undefined;
  readonly objects: ObjectsLocation;
  readonly pollMs: number;
  readonly minReleaseMs: number;
  readonly logLevel: LogLevel;
  /** URI of the ECS agent where its protection is asked for. */
  readonly ecsAgentUri: string | undefined;
  readonly spotNotices: boolean;
  /** Absent: `off` for a child process, else `queue`. */
  readonly heartbeats: 'queue' | 'off' | undefined;
  readonly revision: string | undefined;
  /** URI of the ECS metadata endpoint, version 4, in an ECS task. */
  readonly ecsMetadataUri: string | undefined;
  readonly health: { readonly port: number; readonly host: string } | undefined;
  /** Services that run here. Absent: all of the fleet. */
  readonly services: readonly string[] | undefined;
  /** Absent: nothing is recorded. */
  readonly ledger: LedgerLocation | undefined;
}

/** A digest of an image with its registry; every report carries it. */
const MAX_REVISION_CHARACTERS = 300;
const LOG_LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'silent'];

/** The level of this name; `info` for any other, which `readSettings` then refuses. */
export function logLevel(name: string | undefined): LogLevel {
  return LOG_LEVELS.find((level) => level === name) ?? 'info';
}

/** Reads settings. @throws LongshoreError `invalid_options`, naming every variable that is wrong and how to set it. */
export function readSettings(env: Environment): Settings {
  const faults: string[] = [];
  const redisUrl = readRedisUrl(env, faults);
  const sqsEndpoint = readUrl(env, 'LONGSHORE_SQS_ENDPOINT', faults);
  const sqsTransport = readTransport(env, faults);
  const s3Endpoint = readUrl(env, 'LONGSHORE_S3_ENDPOINT', faults);
  const region =
    env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'] ?? (sqsEndpoint === undefined ? undefined : 'us-east-1');
  if (region === undefined && redisUrl === undefined)
    faults.push(
      'AWS_REGION is not set: set it, or LONGSHORE_SQS_ENDPOINT for a local endpoint, or LONGSHORE_REDIS_URL for queues in Redis',
    );
  const objects = readObjects(env['LONGSHORE_OBJECTS'], faults);
  const level = env['LONGSHORE_LOG_LEVEL'] ?? 'info';
  if (logLevel(level) !== level)
    faults.push(`LONGSHORE_LOG_LEVEL is "${level}", expected ${LOG_LEVELS.join(', ')}`);
  const pollSeconds = readSeconds(env, 'LONGSHORE_POLL_SECONDS', { low: 1, high: 20, otherwise: 20 }, faults);
  const minReleaseSeconds = readSeconds(
    env,
    'LONGSHORE_MIN_RELEASE_SECONDS',
    { low: 0, high: 60, otherwise: 0 },
    faults,
  );
  const ecsAgentUri = readAgentUri(env, faults);
  const spotNotices = readSwitch(env, 'LONGSHORE_SPOT_NOTICES', faults);
  const heartbeats = readHeartbeats(env, faults);
  const revision = readRevision(env, faults);
  const ecsMetadataUri = readUrl(env, 'ECS_CONTAINER_METADATA_URI_V4', faults);
  const health = readHealth(env, faults);
  const ledger = readLedgerLocation(env, faults);
  if (faults.length > 0 || objects === undefined) {
    throw new LongshoreError('invalid_options', `Cannot start with these settings: ${faults.join('; ')}`);
  }
  return {
    credentials: readCredentials(env),
    region,
    redisUrl,
    sqsEndpoint,
    sqsTransport,
    s3Endpoint,
    objects,
    pollMs: pollSeconds * 1_000,
    minReleaseMs: minReleaseSeconds * 1_000,
    logLevel: logLevel(level),
    ecsAgentUri,
    spotNotices,
    heartbeats,
    revision,
    ecsMetadataUri,
    health,
    services: readServices(env),
    ledger,
  };
}

function readCredentials(env: Environment): Credentials | undefined {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = env;
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
  return sessionToken === undefined
    ? { accessKeyId, secretAccessKey }
    : { accessKeyId, secretAccessKey, sessionToken };
}

function readSeconds(
  env: Environment,
  name: string,
  { low, high, otherwise }: { readonly low: number; readonly high: number; readonly otherwise: number },
  faults: string[],
): number {
  const text = env[name];
  if (text === undefined || text === '') return otherwise;
  const value = Number(text);
  if (!(value >= low && value <= high)) faults.push(`${name} is "${text}", expected ${low} to ${high}`);
  return value;
}

function readUrl(env: Environment, name: string, faults: string[]): string | undefined {
  const value = env[name];
  if (value === undefined || value === '') return undefined;
  if (URL.canParse(value) && /^https?:/.test(value)) return value;
  faults.push(`${name} is "${value}", expected a URL like http://127.0.0.1:9324`);
  return undefined;
}

function readRedisUrl(env: Environment, faults: string[]): string | undefined {
  const value = env['LONGSHORE_REDIS_URL'];
  if (value === undefined || value === '') return undefined;
  // The URL may hold a password, so it is not repeated.
  if (!URL.canParse(value) || !/^rediss?:/.test(value))
    faults.push('LONGSHORE_REDIS_URL is no URL like redis://127.0.0.1:6379');
  if ((env['LONGSHORE_SQS_ENDPOINT'] ?? '') !== '')
    faults.push('LONGSHORE_REDIS_URL and LONGSHORE_SQS_ENDPOINT are both set: the queues are in one place');
  return value;
}

/** What the lean transport does not do, the AWS SDK does: its own variables then choose it. */
function readTransport(env: Environment, faults: string[]): 'lean' | 'sdk' {
  const value = env['LONGSHORE_SQS_TRANSPORT'];
  if (value === 'lean' || value === 'sdk') return value;
  if (value !== undefined && value !== '')
    faults.push(`LONGSHORE_SQS_TRANSPORT is "${value}", expected lean or sdk`);
  const asksForSdk =
    env['AWS_USE_FIPS_ENDPOINT'] === 'true' ||
    env['AWS_USE_DUALSTACK_ENDPOINT'] === 'true' ||
    env['NODE_USE_ENV_PROXY'] === '1';
  return asksForSdk ? 'sdk' : 'lean';
}

function readObjects(value: string | undefined, faults: string[]): ObjectsLocation | undefined {
  if (value !== undefined && URL.canParse(value)) {
    const url = new URL(value);
    if (url.protocol === 'file:') return { kind: 'fs', root: fileURLToPath(url) };
    if (url.protocol === 's3:' && url.hostname !== '') {
      return {
        kind: 's3',
        bucket: url.hostname,
        prefix: decodeURIComponent(url.pathname).replace(/^\/|\/$/g, ''),
      };
    }
  }
  faults.push(
    `LONGSHORE_OBJECTS is ${value === undefined ? 'not set' : `"${value}"`}, expected file:///folder or s3://bucket/prefix`,
  );
  return undefined;
}

function readAgentUri(env: Environment, faults: string[]): string | undefined {
  if (!readSwitch(env, 'LONGSHORE_TASK_PROTECTION', faults)) return undefined;
  const uri = env['ECS_AGENT_URI'];
  if (uri === undefined)
    faults.push('LONGSHORE_TASK_PROTECTION is "on" and ECS_AGENT_URI is not set: this is no ECS task');
  return uri;
}

function readSwitch(env: Environment, name: string, faults: string[]): boolean {
  const value = env[name] ?? '';
  if (!['', 'on', 'off'].includes(value)) faults.push(`${name} is "${value}", expected on or off`);
  return value === 'on';
}

function readHeartbeats(env: Environment, faults: string[]): Settings['heartbeats'] {
  const value = env['LONGSHORE_HEARTBEATS'] ?? '';
  if (value === 'queue' || value === 'off') return value;
  if (value !== '') faults.push(`LONGSHORE_HEARTBEATS is "${value}", expected queue or off`);
  return undefined;
}

function readRevision(env: Environment, faults: string[]): string | undefined {
  const value = env['LONGSHORE_REVISION'] ?? '';
  if (value.length > MAX_REVISION_CHARACTERS)
    faults.push(
      `LONGSHORE_REVISION has ${value.length} characters, expected at most ${MAX_REVISION_CHARACTERS}`,
    );
  return value === '' ? undefined : value;
}

function readServices(env: Environment): readonly string[] | undefined {
  const value = env['LONGSHORE_SERVICES'];
  if (value === undefined) return undefined;
  return value.split(',').map((name) => name.trim());
}

function readHealth(env: Environment, faults: string[]): Settings['health'] {
  const value = env['LONGSHORE_HEALTH_PORT'];
  if (value === undefined || value === '') return undefined;
  const port = Number(value);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    faults.push(`LONGSHORE_HEALTH_PORT is "${value}", expected 0 to 65535`);
    return undefined;
  }
  return { port, host: env['LONGSHORE_HEALTH_HOST'] ?? '127.0.0.1' };
}
