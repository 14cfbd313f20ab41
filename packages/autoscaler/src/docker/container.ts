/** What an engine says about a container, as far as scaling looks at it, parsed from its inspection. */
import { LABELS, leavesByOf } from './compose.ts';

/** A container of a service. Times are on the engine's clock. */
export interface Container {
  readonly id: string;
  /** Without the slash that the engine puts before it. */
  readonly name: string;
  /** Its number within the service, as compose counts. */
  readonly number: number;
  /** Whether its process runs, or the engine is about to start it again by the container's restart policy. */
  readonly isLive: boolean;
  /** Its process has ended, and the engine waits before it starts the next. */
  readonly isRestarting: boolean;
  /** Never started. */
  readonly isBlank: boolean;
  /** Absent without a health check. */
  readonly health: 'starting' | 'healthy' | 'unhealthy' | undefined;
  readonly hostname: string;
  readonly startedAtMs: number;
  /** When a process of it last ended; 0 when none has. */
  readonly finishedAtMs: number;
  /** When its first good health check after the start ended, while the engine remembers it. */
  readonly healthyAtMs: number | undefined;
  readonly exitCode: number;
  /** Whether its last process was killed for its memory. */
  readonly isOutOfMemory: boolean;
  /** What asks it to stop: `SIGTERM` unless its image or definition says otherwise. */
  readonly stopSignal: string;
  /** Time to leave after that; absent where its definition names none. */
  readonly stopMs: number | undefined;
  /** When it was told to leave, the time by which it must have left. */
  readonly leavesByMs: number | undefined;
  /** The inspection, as the engine gave it: what a copy is made of. */
  readonly definition: Fields;
}

/** An object of the engine's JSON. */
export type Fields = Readonly<Record<string, unknown>>;

const CHECKS_REMEMBERED = 5;

/** `undefined` for what is no container, or is being removed. */
export function parseContainer(inspection: unknown): Container | undefined {
  const definition = fieldsOf(inspection);
  const id = textOf(definition['Id']);
  const name = textOf(definition['Name']).replace(/^\//, '');
  const state = fieldsOf(definition['State']);
  const status = textOf(state['Status']);
  if (id === '' || status === '' || status === 'removing') return undefined;
  const config = fieldsOf(definition['Config']);
  const health = fieldsOf(state['Health']);
  const startedAtMs = timeOf(state['StartedAt']);
  const stopSeconds = config['StopTimeout'];
  return {
    id,
    name,
    number: Number(textOf(fieldsOf(config['Labels'])[LABELS.number])) || 0,
    isLive: status === 'running' || status === 'paused' || status === 'restarting',
    isRestarting: status === 'restarting',
    isBlank: status === 'created',
    health: healthOf(textOf(health['Status'])),
    hostname: textOf(config['Hostname']),
    startedAtMs,
    finishedAtMs: timeOf(state['FinishedAt']),
    healthyAtMs: healthySince(health['Log'], startedAtMs),
    exitCode: numberOf(state['ExitCode']),
    isOutOfMemory: state['OOMKilled'] === true,
    stopSignal: textOf(config['StopSignal']) || 'SIGTERM',
    stopMs: typeof stopSeconds === 'number' ? stopSeconds * 1_000 : undefined,
    leavesByMs: leavesByOf(name),
    definition,
  };
}

/** The object's fields; none where it is no object. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

/** The text; empty where it is none. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function numberOf(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}

/** The engine says the year 1 for never. */
function timeOf(value: unknown): number {
  const ms = Date.parse(textOf(value));
  return ms > 0 ? ms : 0;
}

function healthOf(status: string): Container['health'] {
  return status === 'starting' || status === 'healthy' || status === 'unhealthy' ? status : undefined;
}

/** An engine remembers the last five checks: the first good one of five may not have been the first of all. */
function healthySince(log: unknown, startedAtMs: number): number | undefined {
  const checks = (Array.isArray(log) ? log : [])
    .map(fieldsOf)
    .map((entry) => ({ isGood: entry['ExitCode'] === 0, endedAtMs: timeOf(entry['End']) }))
    .filter(({ endedAtMs }) => endedAtMs >= startedAtMs);
  const isWhole = checks.length < CHECKS_REMEMBERED || checks[0]?.isGood === false;
  return isWhole ? checks.find(({ isGood }) => isGood)?.endedAtMs : undefined;
}
