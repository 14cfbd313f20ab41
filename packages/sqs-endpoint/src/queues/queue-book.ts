/** The queues there are: kept in the file, and in memory as far as they were asked for. */
import type { DatabaseSync } from 'node:sqlite';
import { invalidValue, SqsFault } from '../protocol/fault.ts';
import {
  changedAttributes,
  checkAttributes,
  defaultAttributes,
  differingAttribute,
  queueSettings,
  type QueueSettings,
} from './queue-attributes.ts';
import { parseRedrivePolicy, queueNameOf } from './redrive-policy.ts';

/** One queue. */
export interface StoredQueue {
  readonly id: number;
  readonly name: string;
  readonly arn: string;
  readonly isFifo: boolean;
  readonly attributes: Readonly<Record<string, string>>;
  readonly settings: QueueSettings;
  readonly tags: Readonly<Record<string, string>>;
  readonly createdMs: number;
  readonly modifiedMs: number;
}

/** A queue to create. */
export interface NewQueue {
  readonly name: string;
  readonly region: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly tags: ReadonlyMap<string, string>;
}

/** The queues. All methods run inside a turn. */
export interface QueueBook {
  /** Creates a queue, or finds the one that has the name and no attribute otherwise. */
  create(queue: NewQueue, nowMs: number): StoredQueue;
  find(name: string): StoredQueue | undefined;
  /** @throws SqsFault `QueueDoesNotExist`. */
  get(name: string): StoredQueue;
  byId(id: number): StoredQueue | undefined;
  /** All names, sorted. */
  names(): readonly string[];
  setAttributes(queue: StoredQueue, changes: ReadonlyMap<string, string>, nowMs: number): void;
  setTags(queue: StoredQueue, tags: Readonly<Record<string, string>>): void;
  remove(queue: StoredQueue): void;
  /** Queues whose redrive policy names this one. */
  sourcesOf(queue: StoredQueue): readonly StoredQueue[];
  /** Forgets what is in memory. */
  forget(): void;
}

const ACCOUNT = '000000000000';
const NAME = /^[\w-]{1,80}$/;
const FIFO_NAME = /^[\w-]{1,75}\.fifo$/;

interface QueueRow {
  readonly id: number;
  readonly name: string;
  readonly arn: string;
  readonly attributes: string;
  readonly tags: string;
  readonly created_ms: number;
  readonly modified_ms: number;
}

/** Opens the queues of a database. */
export function openQueueBook(database: DatabaseSync): QueueBook {
  const byName = database.prepare('SELECT * FROM queues WHERE name = ?');
  const byId = database.prepare('SELECT * FROM queues WHERE id = ?');
  const all = database.prepare('SELECT * FROM queues ORDER BY name');
  const insert = database.prepare(
    'INSERT INTO queues (name, arn, attributes, tags, created_ms, modified_ms) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const update = database.prepare('UPDATE queues SET attributes = ?, tags = ?, modified_ms = ? WHERE id = ?');
  const remove = database.prepare('DELETE FROM queues WHERE id = ?');
  const known = new Map<string, StoredQueue>();
  const ids = new Map<number, string>();

  const remember = (row: unknown): StoredQueue | undefined => {
    if (row === undefined) return undefined;
    const queue = fromRow(row as QueueRow);
    known.set(queue.name, queue);
    ids.set(queue.id, queue.name);
    return queue;
  };
  const find = (name: string): StoredQueue | undefined => known.get(name) ?? remember(byName.get(name));
  const write = (queue: StoredQueue): void => {
    const { attributes, tags, modifiedMs, id } = queue;
    update.run(JSON.stringify(attributes), JSON.stringify(tags), modifiedMs, id);
    known.set(queue.name, queue);
  };

  return {
    create({ name, region, attributes, tags }, nowMs) {
      const isFifo = checkName(name, attributes);
      checkAttributes(attributes, isFifo);
      const existing = find(name);
      if (existing !== undefined) return sameQueue(existing, attributes);
      checkRedrive(name, attributes, find);
      const given = changedAttributes(defaultAttributes(isFifo), attributes);
      const arn = `arn:aws:sqs:${region}:${ACCOUNT}:${name}`;
      const stored = JSON.stringify(Object.fromEntries(tags));
      insert.run(name, arn, JSON.stringify(given), stored, nowMs, nowMs);
      return this.get(name);
    },
    find,
    get(name) {
      const queue = find(name);
      if (queue === undefined)
        throw new SqsFault('QueueDoesNotExist', `The specified queue does not exist: "${name}".`);
      return queue;
    },
    byId(id) {
      const name = ids.get(id);
      return (name === undefined ? undefined : known.get(name)) ?? remember(byId.get(id));
    },
    names: () => (all.all() as unknown as readonly QueueRow[]).map(({ name }) => name),
    setAttributes(queue, changes, nowMs) {
      checkAttributes(changes, queue.isFifo);
      checkRedrive(queue.name, changes, find);
      const attributes = changedAttributes(queue.attributes, changes);
      write({ ...queue, attributes, settings: queueSettings(attributes), modifiedMs: nowMs });
    },
    setTags: (queue, tags) => write({ ...queue, tags }),
    remove(queue) {
      remove.run(queue.id);
      known.delete(queue.name);
      ids.delete(queue.id);
    },
    sourcesOf: ({ name }) =>
      (all.all() as unknown as readonly QueueRow[])
        .map(fromRow)
        .filter(
          ({ settings: { redrive } }) => redrive !== undefined && queueNameOf(redrive.deadLetterArn) === name,
        ),
    forget() {
      known.clear();
      ids.clear();
    },
  };
}

/** Whether the name is that of a FIFO queue. @throws SqsFault when it is no name, or contradicts `FifoQueue`. */
function checkName(name: string, attributes: ReadonlyMap<string, string>): boolean {
  const isFifo = FIFO_NAME.test(name);
  if (!isFifo && !NAME.test(name)) {
    throw new SqsFault(
      'InvalidParameterValueException',
      'Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length',
    );
  }
  if (isFifo === (attributes.get('FifoQueue') === 'true')) return isFifo;
  throw new SqsFault(
    'InvalidParameterValueException',
    isFifo
      ? 'The name of a FIFO queue needs the attribute FifoQueue=true'
      : 'The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length',
  );
}

function sameQueue(existing: StoredQueue, attributes: ReadonlyMap<string, string>): StoredQueue {
  const differing = differingAttribute(existing.attributes, attributes);
  if (differing === undefined) return existing;
  throw new SqsFault(
    'QueueNameExists',
    `A queue already exists with the same name and a different value for attribute ${differing}`,
  );
}

function checkRedrive(
  name: string,
  attributes: ReadonlyMap<string, string>,
  find: (name: string) => StoredQueue | undefined,
): void {
  const text = attributes.get('RedrivePolicy') ?? '';
  const policy = parseRedrivePolicy(text);
  if (policy === undefined) return;
  const target = queueNameOf(policy.deadLetterArn);
  const reason =
    target === name
      ? 'A queue cannot be its own dead-letter queue.'
      : find(target) === undefined
        ? 'Dead letter target does not exist.'
        : target.endsWith('.fifo') !== name.endsWith('.fifo')
          ? 'Dead-letter queue must be same type of queue as the source.'
          : undefined;
  if (reason !== undefined) throw invalidValue(text, 'RedrivePolicy', reason);
}

function fromRow(row: QueueRow): StoredQueue {
  const attributes = JSON.parse(row.attributes) as Record<string, string>;
  return {
    id: row.id,
    name: row.name,
    arn: row.arn,
    isFifo: row.name.endsWith('.fifo'),
    attributes,
    settings: queueSettings(attributes),
    tags: JSON.parse(row.tags) as Record<string, string>,
    createdMs: row.created_ms,
    modifiedMs: row.modified_ms,
  };
}
