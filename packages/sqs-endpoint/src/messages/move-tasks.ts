/**
 * Message move tasks: bring what waits in a dead-letter queue back to where it came from, or to one queue, a batch per
 * second. A task that is running goes on when the endpoint is started again.
 */
import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import type { Clock, Timer } from '@longshore/job';
import { SqsFault } from '../protocol/fault.ts';
import type { QueueBook, StoredQueue } from '../queues/queue-book.ts';
import { queueNameOf } from '../queues/redrive-policy.ts';
import type { Turns } from '../store/turns.ts';
import type { MessageTable, StoredMessage, SystemFacts } from './message-table.ts';

/** A task as it is stored. */
export interface MoveTask {
  readonly handle: string;
  readonly source: number;
  readonly source_arn: string;
  readonly destination_arn: string | null;
  readonly status: 'RUNNING' | 'COMPLETED' | 'CANCELLED' | 'FAILED';
  readonly per_second: number | null;
  readonly moved: number;
  readonly to_move: number;
  /** Messages behind this position came after the task was started. */
  readonly last_seq: number;
  readonly failure: string | null;
  readonly started_ms: number;
}

/** What to move. */
export interface MoveOptions {
  readonly source: StoredQueue;
  /** Default: the queue that each message came from. */
  readonly destination: StoredQueue | undefined;
  readonly perSecond: number | undefined;
}

/** Tasks of an endpoint. All methods but `resume` and `close` run inside a turn. */
export interface MoveTasks {
  start(options: MoveOptions, nowMs: number): MoveTask;
  /** Newest first. */
  list(source: StoredQueue, limit: number): readonly MoveTask[];
  cancel(handle: string): MoveTask;
  resume(): void;
  close(): void;
}

/** What tasks work with. */
export interface MoveParts {
  readonly database: DatabaseSync;
  readonly book: QueueBook;
  readonly messages: MessageTable;
  readonly turns: () => Turns;
  readonly clock: Clock;
}

/** SQS moves at most so many a second. */
export const MAX_PER_SECOND = 500;
const STEP_MS = 1_000;

/** Opens the tasks of a database. */
export function openMoveTasks(parts: MoveParts): MoveTasks {
  return new QueueMoveTasks(parts);
}

class QueueMoveTasks implements MoveTasks {
  readonly #parts: MoveParts;
  readonly #statements: ReturnType<typeof prepare>;
  readonly #timers = new Map<string, Timer>();

  constructor(parts: MoveParts) {
    this.#parts = parts;
    this.#statements = prepare(parts.database);
  }

  start({ source, destination, perSecond }: MoveOptions, nowMs: number): MoveTask {
    if (this.#running().some((task) => task.source === source.id)) {
      throw new SqsFault(
        'UnsupportedOperation',
        'There is already a task running. Only one active task is allowed for a source queue arn at a given time.',
      );
    }
    const { messages } = this.#parts;
    const { visible, delayed } = messages.counts(source, nowMs);
    const task: MoveTask = {
      handle: randomUUID(),
      source: source.id,
      source_arn: source.arn,
      destination_arn: destination?.arn ?? null,
      status: 'RUNNING',
      per_second: perSecond ?? null,
      moved: 0,
      to_move: visible + delayed,
      last_seq: messages.lastSeq(),
      failure: null,
      started_ms: nowMs,
    };
    this.#statements.insert.run({ ...task });
    this.#plan(task.handle, 0);
    return task;
  }

  list({ id }: StoredQueue, limit: number): readonly MoveTask[] {
    return this.#statements.bySource.all(id, limit) as unknown as readonly MoveTask[];
  }

  cancel(handle: string): MoveTask {
    const task = this.#find(handle);
    if (task === undefined) throw new SqsFault('ResourceNotFoundException', 'Task does not exist.');
    if (task.status !== 'RUNNING')
      throw new SqsFault('UnsupportedOperation', 'Only active tasks can be cancelled.');
    this.#timers.get(handle)?.cancel();
    this.#timers.delete(handle);
    this.#statements.set.run('CANCELLED', task.moved, null, handle);
    return task;
  }

  resume(): void {
    for (const { handle } of this.#running()) this.#plan(handle, 0);
  }

  close(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  #plan(handle: string, delayMs: number): void {
    const step = (): void => {
      this.#timers.delete(handle);
      // A turn that failed is tried again by the next step; the file has what was moved before.
      this.#parts
        .turns()
        .run(() => this.#advance(handle))
        .catch(() => this.#plan(handle, STEP_MS));
    };
    this.#timers.set(handle, this.#parts.clock.after(delayMs, step));
  }

  #advance(handle: string): void {
    const task = this.#find(handle);
    if (task === undefined || task.status !== 'RUNNING') return;
    const limit = task.per_second ?? MAX_PER_SECOND;
    const { moved, failure } = this.#moveBatch(task, limit);
    const status = failure !== null ? 'FAILED' : moved < limit ? 'COMPLETED' : 'RUNNING';
    this.#statements.set.run(status, task.moved + moved, failure, handle);
    if (status === 'RUNNING') this.#plan(handle, STEP_MS);
  }

  #moveBatch(task: MoveTask, limit: number): { readonly moved: number; readonly failure: string | null } {
    const { book, messages, clock } = this.#parts;
    const nowMs = Math.floor(clock.nowMs());
    const source = book.byId(task.source);
    if (source === undefined) return { moved: 0, failure: 'AWS.SimpleQueueService.NonExistentQueue' };
    let moved = 0;
    for (const message of messages.waiting(source, nowMs, task.last_seq, limit)) {
      const destination = book.find(destinationOf(task, message));
      if (destination === undefined) return { moved, failure: 'CouldNotDetermineMessageSource' };
      messages.remove(message);
      messages.insert(asNew(message, destination, nowMs));
      moved += 1;
    }
    return { moved, failure: null };
  }

  #find(handle: string): MoveTask | undefined {
    return this.#statements.get.get(handle) as MoveTask | undefined;
  }

  #running(): readonly MoveTask[] {
    return this.#statements.running.all() as unknown as readonly MoveTask[];
  }
}

function prepare(database: DatabaseSync) {
  return {
    insert: database.prepare(
      `INSERT INTO move_tasks VALUES (:handle, :source, :source_arn, :destination_arn, :status, :per_second, :moved,
        :to_move, :last_seq, :failure, :started_ms)`,
    ),
    get: database.prepare('SELECT * FROM move_tasks WHERE handle = ?'),
    bySource: database.prepare(
      'SELECT * FROM move_tasks WHERE source = ? ORDER BY started_ms DESC, rowid DESC LIMIT ?',
    ),
    running: database.prepare("SELECT * FROM move_tasks WHERE status = 'RUNNING'"),
    set: database.prepare('UPDATE move_tasks SET status = ?, moved = ?, failure = ? WHERE handle = ?'),
  };
}

function destinationOf(task: MoveTask, message: StoredMessage): string {
  const { deadLetterSource = '' } = JSON.parse(message.system) as SystemFacts;
  return queueNameOf(task.destination_arn ?? deadLetterSource);
}

/** A message that a task moves is a new one: it has an id, an age and a count of its own. */
function asNew(message: StoredMessage, destination: StoredQueue, nowMs: number) {
  const { deadLetterSource: _source, ...system } = JSON.parse(message.system) as SystemFacts;
  return {
    ...message,
    queue: destination.id,
    id: randomUUID(),
    system: JSON.stringify(system),
    sent_ms: nowMs,
    kept_since_ms: nowMs,
    visible_ms: nowMs,
    receives: 0,
    first_received_ms: null,
  };
}
