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
  const { database, book, messages, turns, clock } = parts;
  const insert = database.prepare('INSERT INTO move_tasks VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const get = database.prepare('SELECT * FROM move_tasks WHERE handle = ?');
  const bySource = database.prepare(
    'SELECT * FROM move_tasks WHERE source = ? ORDER BY started_ms DESC, rowid DESC LIMIT ?',
  );
  const running = database.prepare("SELECT * FROM move_tasks WHERE status = 'RUNNING'");
  const set = database.prepare('UPDATE move_tasks SET status = ?, moved = ?, failure = ? WHERE handle = ?');
  const timers = new Map<string, Timer>();

  const find = (handle: string): MoveTask | undefined => get.get(handle) as MoveTask | undefined;
  const plan = (handle: string, delayMs: number): void => {
    const step = (): void => {
      timers.delete(handle);
      // A turn that failed is tried again by the next step; the file has what was moved before.
      turns()
        .run(() => advance(handle))
        .catch(() => plan(handle, STEP_MS));
    };
    timers.set(handle, clock.after(delayMs, step));
  };
  const advance = (handle: string): void => {
    const task = find(handle);
    if (task === undefined || task.status !== 'RUNNING') return;
    const nowMs = Math.floor(clock.nowMs());
    const source = book.byId(task.source);
    const limit = task.per_second ?? MAX_PER_SECOND;
    const batch = source === undefined ? [] : messages.waiting(source, nowMs, task.last_seq, limit);
    let moved = 0;
    let failure: string | null = source === undefined ? 'AWS.SimpleQueueService.NonExistentQueue' : null;
    for (const message of batch) {
      const destination = book.find(destinationOf(task, message));
      if (destination === undefined) {
        failure = 'CouldNotDetermineMessageSource';
        break;
      }
      messages.remove(message);
      messages.insert(asNew(message, destination, nowMs));
      moved += 1;
    }
    const isOver = failure !== null || batch.length < limit;
    const status = failure !== null ? 'FAILED' : isOver ? 'COMPLETED' : 'RUNNING';
    set.run(status, task.moved + moved, failure, handle);
    if (!isOver) plan(handle, STEP_MS);
  };

  return {
    start({ source, destination, perSecond }, nowMs) {
      if (
        (bySource.all(source.id, 10) as unknown as readonly MoveTask[]).some(
          ({ status }) => status === 'RUNNING',
        )
      ) {
        throw new SqsFault(
          'UnsupportedOperation',
          'There is already a task running. Only one active task is allowed for a source queue arn at a given time.',
        );
      }
      const handle = randomUUID();
      const { visible, delayed } = messages.counts(source, nowMs);
      insert.run(
        handle,
        source.id,
        source.arn,
        destination?.arn ?? null,
        'RUNNING',
        perSecond ?? null,
        0,
        visible + delayed,
        messages.lastSeq(),
        null,
        nowMs,
      );
      plan(handle, 0);
      return taskOrFault(find(handle));
    },
    list: ({ id }, limit) => bySource.all(id, limit) as unknown as readonly MoveTask[],
    cancel(handle) {
      const task = taskOrFault(find(handle));
      if (task.status !== 'RUNNING') {
        throw new SqsFault('UnsupportedOperation', 'Only active tasks can be cancelled.');
      }
      timers.get(handle)?.cancel();
      timers.delete(handle);
      set.run('CANCELLED', task.moved, null, handle);
      return task;
    },
    resume() {
      for (const { handle } of running.all() as unknown as readonly MoveTask[]) plan(handle, 0);
    },
    close() {
      for (const timer of timers.values()) timer.cancel();
      timers.clear();
    },
  };
}

function taskOrFault(task: MoveTask | undefined): MoveTask {
  if (task === undefined) throw new SqsFault('ResourceNotFoundException', 'Task does not exist.');
  return task;
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
