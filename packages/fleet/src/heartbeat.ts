/**
 * What a worker says of itself: to its parent over an IPC channel, or to whoever reads the fleet's facts queue.
 *
 * One shape for both, and one parser that doubts it. Losing a heartbeat is harmless: the next one says everything again,
 * counts are cumulative since the process started, and the sequence number tells which one is the latest.
 */
import { parseJson } from '@longshore/job';
import { fieldsReader, type FieldsReader } from './read-fields.ts';

/**
 * State of a worker. `starting`: it takes no work yet. `paused`: it takes no work until it is told to go on. `draining`:
 * it takes no work any more. `stopped`: it has ended and reports no more.
 */
export type WorkerState = 'starting' | 'running' | 'paused' | 'draining' | 'stopped';

/** A worker's report. */
export interface WorkerHeartbeat {
  readonly type: 'longshore:heartbeat';
  /** Of one process for its life, and of no other: random. 1 to 64 characters. */
  readonly worker: string;
  /** Name of its service in the fleet. */
  readonly service: string;
  /** Name of the machine or container. */
  readonly host?: string;
  /** Its ECS task. */
  readonly taskArn?: string;
  /** Which build it runs: on ECS `family:revision`. */
  readonly revision?: string;
  readonly state: WorkerState;
  /** Jobs it can run at a time, from 1. */
  readonly slots: number;
  /** Jobs it runs now, 0 to `slots`. */
  readonly busy: number;
  /** Jobs completed since the process started. */
  readonly completed: number;
  /** Attempts that failed and are tried again. */
  readonly failed: number;
  /** Jobs moved to the dead-letter queue. */
  readonly buried: number;
  /** Mean duration of its recent attempts. Absent before the first. */
  readonly meanServiceMs?: number;
  /** Longest wait in the queue among the jobs received lately, first deliveries only. */
  readonly oldestWaitMs?: number;
  /** What it measured of each job type, at most {@link MAX_HEARTBEAT_JOBS}. */
  readonly jobs: readonly HeartbeatJob[];
  /** From the start of the process to the first receive that succeeded. Absent before. */
  readonly startupMs?: number;
  /** Resident memory of the process, without its children. */
  readonly rssBytes?: number;
  /** Whether scale-in and deployments spare it now. */
  readonly isProtected: boolean;
  /** When the process started, on the worker's clock. */
  readonly startedAtMs: number;
  /** Counts the heartbeats of this worker, from 1. */
  readonly sequence: number;
  /** When this was true, on the worker's clock. */
  readonly atMs: number;
}

/** What a worker measured of one job type lately. */
export interface HeartbeatJob {
  /** Name of the job definition. */
  readonly job: string;
  /** Attempts that ended since the process started. */
  readonly finished: number;
  readonly meanServiceMs: number;
  /** 95th percentile. */
  readonly p95ServiceMs: number;
  /** As of the worker, of this type's jobs. */
  readonly oldestWaitMs?: number;
}

/** Result of {@link parseHeartbeat}. `other`: a message of another kind, none of our business. */
export type ParsedHeartbeat =
  | { readonly kind: 'heartbeat'; readonly value: WorkerHeartbeat }
  | { readonly kind: 'other' }
  | { readonly kind: 'fault'; readonly reason: string };

/** A queue carries a few job types; a worker that has more reports those that it finished most of. */
export const MAX_HEARTBEAT_JOBS = 50;
/** Every job type with a long name, and room to spare. */
const MAX_HEARTBEAT_CHARACTERS = 32_768;
const MAX_ID_CHARACTERS = 64;
/** Longest names that exist: a job's has 80 characters, a host's 253, an ECS task's ARN less than 512. */
const MAX_TEXT_CHARACTERS = 512;
const STATES: readonly [WorkerState, ...WorkerState[]] = [
  'starting',
  'running',
  'paused',
  'draining',
  'stopped',
];

/** Reads a heartbeat as it lies in a queue. Never throws. */
export function parseHeartbeatText(text: string): ParsedHeartbeat {
  if (text.length > MAX_HEARTBEAT_CHARACTERS) {
    const reason = `it has ${text.length} characters, expected at most ${MAX_HEARTBEAT_CHARACTERS}`;
    return { kind: 'fault', reason };
  }
  const json = parseJson(text);
  return json.ok ? parseHeartbeat(json.value) : { kind: 'fault', reason: json.fault.reason };
}

/** Reads a message from a worker. Unknown keys are dropped, so that a newer worker may say more. Never throws. */
export function parseHeartbeat(message: unknown): ParsedHeartbeat {
  const faults: string[] = [];
  const read = fieldsReader(message, faults);
  if (read === undefined || read.raw('type') !== 'longshore:heartbeat') return { kind: 'other' };
  const slots = read.count('slots', 1);
  const busy = read.count('busy');
  if (busy > slots) faults.push(`busy is ${busy} of ${slots} slots`);
  const value: WorkerHeartbeat = {
    type: 'longshore:heartbeat',
    worker: read.text('worker', MAX_ID_CHARACTERS),
    service: read.text('service', MAX_TEXT_CHARACTERS),
    ...read.optional('host', (key) => read.text(key, MAX_TEXT_CHARACTERS)),
    ...read.optional('taskArn', (key) => read.text(key, MAX_TEXT_CHARACTERS)),
    ...read.optional('revision', (key) => read.text(key, MAX_TEXT_CHARACTERS)),
    state: read.oneOf('state', STATES),
    slots,
    busy,
    completed: read.count('completed'),
    failed: read.count('failed'),
    buried: read.count('buried'),
    ...read.optional('meanServiceMs', read.amount),
    ...read.optional('oldestWaitMs', read.amount),
    jobs: readJobs(read, faults),
    ...read.optional('startupMs', read.amount),
    ...read.optional('rssBytes', (key) => read.count(key)),
    isProtected: read.flag('isProtected'),
    startedAtMs: read.amount('startedAtMs'),
    sequence: read.count('sequence', 1),
    atMs: read.amount('atMs'),
  };
  return faults.length === 0 ? { kind: 'heartbeat', value } : { kind: 'fault', reason: faults.join('; ') };
}

function readJobs(read: FieldsReader, faults: string[]): readonly HeartbeatJob[] {
  return read.list('jobs', MAX_HEARTBEAT_JOBS).map((entry, index): HeartbeatJob => {
    const found: string[] = [];
    const job = fieldsReader(entry, found);
    if (job === undefined) faults.push(`jobs[${index}] is no object`);
    const value = {
      job: job?.text('job', MAX_TEXT_CHARACTERS) ?? '',
      finished: job?.count('finished') ?? 0,
      meanServiceMs: job?.amount('meanServiceMs') ?? 0,
      p95ServiceMs: job?.amount('p95ServiceMs') ?? 0,
      ...job?.optional('oldestWaitMs', job.amount),
    };
    faults.push(...found.map((fault) => `jobs[${index}].${fault}`));
    return value;
  });
}
