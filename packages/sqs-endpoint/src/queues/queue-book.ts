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
  return new SqliteQueueBook(database);
}

class SqliteQueueBook implements QueueBook {
  readonly #statements: ReturnType<typeof prepare>;
  readonly #known = new Map<string, StoredQueue>();
  readonly #names = new Map<number, string>();

  constructor(database: DatabaseSync) {
    this.#statements = prepare(database);
  }

  create({ name, region, attributes, tags }: NewQueue, nowMs: number): StoredQueue {
    const isFifo = checkName(name, attributes);
    checkAttributes(attributes, isFifo);
    const existing = this.find(name);
    if (existing !== undefined) return sameQueue(existing, attributes);
    this.#checkRedrive(name, attributes);
    const given = changedAttributes(defaultAttributes(isFifo), attributes);
    this.#statements.insert.run(
      name,
      `arn:aws:sqs:${region}:${ACCOUNT}:${name}`,
      JSON.stringify(given),
      JSON.stringify(Object.fromEntries(tags)),
      nowMs,
      nowMs,
    );
    return this.get(name);
  }

  find(name: string): StoredQueue | undefined {
    return this.#known.get(name) ?? this.#remember(this.#statements.byName.get(name));
  }

  get(name: string): StoredQueue {
    const queue = this.find(name);
    if (queue !== undefined) return queue;
    throw new SqsFault('QueueDoesNotExist', `The specified queue does not exist: "${name}".`);
  }

  byId(id: number): StoredQueue | undefined {
    const name = this.#names.get(id);
    const known = name === undefined ? undefined : this.#known.get(name);
    return known ?? this.#remember(this.#statements.byId.get(id));
  }

  names(): readonly string[] {
    return this.#all().map(({ name }) => name);
  }

  setAttributes(queue: StoredQueue, changes: ReadonlyMap<string, string>, nowMs: number): void {
    checkAttributes(changes, queue.isFifo);
    this.#checkRedrive(queue.name, changes);
    const attributes = changedAttributes(queue.attributes, changes);
    this.#write({ ...queue, attributes, settings: queueSettings(attributes), modifiedMs: nowMs });
  }

  setTags(queue: StoredQueue, tags: Readonly<Record<string, string>>): void {
    this.#write({ ...queue, tags });
  }

  remove({ id, name }: StoredQueue): void {
    this.#statements.remove.run(id);
    this.#known.delete(name);
    this.#names.delete(id);
  }

  sourcesOf({ name }: StoredQueue): readonly StoredQueue[] {
    return this.#all().filter(
      ({ settings: { redrive } }) => redrive !== undefined && queueNameOf(redrive.deadLetterArn) === name,
    );
  }

  forget(): void {
    this.#known.clear();
    this.#names.clear();
  }

  #all(): readonly StoredQueue[] {
    return (this.#statements.all.all() as unknown as readonly QueueRow[]).map(fromRow);
  }

  #remember(row: unknown): StoredQueue | undefined {
    if (row === undefined) return undefined;
    const queue = fromRow(row as QueueRow);
    this.#known.set(queue.name, queue);
    this.#names.set(queue.id, queue.name);
    return queue;
  }

  #write(queue: StoredQueue): void {
    const { attributes, tags, modifiedMs, id } = queue;
    this.#statements.update.run(JSON.stringify(attributes), JSON.stringify(tags), modifiedMs, id);
    this.#known.set(queue.name, queue);
  }

  /** Refuses a dead-letter queue that is missing, of the other type, or the queue itself. */
  #checkRedrive(name: string, attributes: ReadonlyMap<string, string>): void {
    const text = attributes.get('RedrivePolicy') ?? '';
    const policy = parseRedrivePolicy(text);
    if (policy === undefined) return;
    const target = queueNameOf(policy.deadLetterArn);
    const refused = (reason: string): SqsFault => invalidValue(text, 'RedrivePolicy', reason);
    if (target === name) throw refused('A queue cannot be its own dead-letter queue.');
    const found = this.find(target);
    if (found === undefined) throw refused('Dead letter target does not exist.');
    if (found.isFifo !== name.endsWith('.fifo')) {
      throw refused('Dead-letter queue must be same type of queue as the source.');
    }
  }
}

function prepare(database: DatabaseSync) {
  return {
    byName: database.prepare('SELECT * FROM queues WHERE name = ?'),
    byId: database.prepare('SELECT * FROM queues WHERE id = ?'),
    all: database.prepare('SELECT * FROM queues ORDER BY name'),
    insert: database.prepare(
      'INSERT INTO queues (name, arn, attributes, tags, created_ms, modified_ms) VALUES (?, ?, ?, ?, ?, ?)',
    ),
    update: database.prepare('UPDATE queues SET attributes = ?, tags = ?, modified_ms = ? WHERE id = ?'),
    remove: database.prepare('DELETE FROM queues WHERE id = ?'),
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
