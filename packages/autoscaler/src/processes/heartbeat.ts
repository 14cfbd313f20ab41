/**
 * What a worker tells its parent over the IPC channel: one plain JSON message on every change
 * at most four times a second, and at least once a second.
 *
 * Workers import nothing from here; this is the shape they send, and the parser that doubts it.
 */

/** State of a worker process: `stopped` before it has begun to work and after it has ended. */
export type WorkerState = 'starting' | 'running' | 'draining' | 'stopped';

/** A worker's report. */
export interface WorkerHeartbeat {
  readonly type: 'longshore:heartbeat';
  /** `running` from when it takes work; `draining` from its first SIGTERM. */
  readonly state: WorkerState;
  /** Jobs it can run at a time, from 1. */
  readonly slots: number;
  /** Jobs it runs now, 0 to `slots`. */
  readonly busy: number;
  /** Jobs completed since the process started. */
  readonly completed: number;
  /** Attempts that failed and are tried again. */
  readonly failed: number;
  /** Jobs moved to the dead-letter queue. Absent counts as none. */
  readonly buried?: number;
  /** Mean duration of its recent attempts, in milliseconds. Absent before the first. */
  readonly meanServiceMs?: number;
  /** Longest wait in the queue among the jobs it received lately, in milliseconds. */
  readonly oldestWaitMs?: number;
}

/** Result of {@link parseHeartbeat}. `other`: a message of another kind, none of our business. */
export type ParsedHeartbeat =
  | { readonly kind: 'heartbeat'; readonly value: WorkerHeartbeat }
  | { readonly kind: 'other' }
  | { readonly kind: 'fault'; readonly reason: string };

const STATES: readonly unknown[] = [
  'starting',
  'running',
  'draining',
  'stopped',
] satisfies readonly WorkerState[];

/** Reads a message from a worker. Unknown keys are dropped, so that a newer worker may say more. Never throws. */
export function parseHeartbeat(message: unknown): ParsedHeartbeat {
  if (!isFields(message) || message['type'] !== 'longshore:heartbeat') return { kind: 'other' };
  const { state, slots, busy, completed, failed, buried, meanServiceMs, oldestWaitMs } = message;
  const faults: string[] = [];
  if (!isState(state)) faults.push(`state is ${show(state)}`);
  if (!isCount(slots) || slots === 0) faults.push(`slots is ${show(slots)}`);
  if (!isCount(busy)) faults.push(`busy is ${show(busy)}`);
  if (isCount(busy) && isCount(slots) && busy > slots) faults.push(`busy is ${busy} of ${slots} slots`);
  if (!isCount(completed)) faults.push(`completed is ${show(completed)}`);
  if (!isCount(failed)) faults.push(`failed is ${show(failed)}`);
  if (buried !== undefined && !isCount(buried)) faults.push(`buried is ${show(buried)}`);
  for (const [name, value] of Object.entries({ meanServiceMs, oldestWaitMs })) {
    if (value !== undefined && !isDuration(value)) faults.push(`${name} is ${show(value)}`);
  }
  if (
    !isState(state) ||
    !isCount(slots) ||
    !isCount(busy) ||
    !isCount(completed) ||
    !isCount(failed) ||
    faults.length > 0
  ) {
    return { kind: 'fault', reason: faults.join('; ') };
  }
  const value: WorkerHeartbeat = {
    type: 'longshore:heartbeat',
    state,
    slots,
    busy,
    completed,
    failed,
    ...(isCount(buried) ? { buried } : {}),
    ...(isDuration(meanServiceMs) ? { meanServiceMs } : {}),
    ...(isDuration(oldestWaitMs) ? { oldestWaitMs } : {}),
  };
  return { kind: 'heartbeat', value };
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isState(value: unknown): value is WorkerState {
  return STATES.includes(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isDuration(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function show(value: unknown): string {
  if (typeof value === 'string') return `"${value.slice(0, 40)}"`;
  return typeof value === 'number' || value === undefined || value === null
    ? String(value)
    : `a ${typeof value}`;
}
