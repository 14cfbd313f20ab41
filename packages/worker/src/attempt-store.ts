/**
 * Our own account of attempts. The queue counts receives, which deploys, crashes and lost replies burn too; here stands
 * what really happened: one small object per failed or interrupted attempt, written only when one ends that way, read
 * only when a message comes again. A job that succeeds at once costs nothing.
 *
 * Keys carry the receive count, so writing a record twice is one record.
 */
import { createHash } from 'node:crypto';
import { parseJson, type AttemptRecord } from '@longshore/job';
import { readText, type ObjectStore } from '@longshore/objects';

/** Attempt records by message. A redriven job is a new message, so it starts afresh. */
export interface AttemptStore {
  read(messageId: string): Promise<readonly AttemptRecord[]>;
  append(messageId: string, record: AttemptRecord): Promise<void>;
  /** Forgets the records of these receipts. */
  remove(messageId: string, receives: readonly number[]): Promise<void>;
  /** Forgets a message that came to its end. */
  clear(messageId: string): Promise<void>;
}

const PLAIN_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/;

/** Attempt records as objects under `attempts/<queue>/<message id>/<receive count>.json`. */
export function objectAttemptStore(objects: ObjectStore, queueName: string): AttemptStore {
  const folder = (messageId: string): string => {
    // SQS gives plain ids; one of another queue that is no plain word is hashed before it becomes part of a key.
    const name = PLAIN_ID.test(messageId) ? messageId : createHash('sha256').update(messageId).digest('hex');
    return `attempts/${queueName}/${name}/`;
  };
  const keyOf = (messageId: string, receive: number): string =>
    `${folder(messageId)}${String(receive).padStart(6, '0')}.json`;
  const keys = async (messageId: string): Promise<string[]> => {
    const found: string[] = [];
    for await (const info of objects.list(folder(messageId))) found.push(info.key);
    return found;
  };
  return {
    async read(messageId) {
      const texts = await Promise.all((await keys(messageId)).map((key) => readText(objects, key)));
      return texts.flatMap((text) => {
        const json = text === undefined ? undefined : parseJson(text);
        return json?.ok === true ? [json.value as AttemptRecord] : [];
      });
    },
    async append(messageId, record) {
      await objects.put(keyOf(messageId, record.receive), JSON.stringify(record), {
        contentType: 'application/json',
      });
    },
    async remove(messageId, receives) {
      await Promise.all(receives.map((receive) => objects.delete(keyOf(messageId, receive))));
    },
    async clear(messageId) {
      await Promise.all((await keys(messageId)).map((key) => objects.delete(key)));
    },
  };
}

/**
 * Attempt records of this process only, for workers without an object store: a restart forgets them, and the account
 * then falls back to what the queue counted.
 */
export function memoryAttemptStore(capacity = 10_000): AttemptStore {
  const records = new Map<string, AttemptRecord[]>();
  return {
    read: (messageId) => Promise.resolve(records.get(messageId) ?? []),
    append(messageId, record) {
      const list = (records.get(messageId) ?? []).filter((other) => other.receive !== record.receive);
      records.delete(messageId);
      records.set(messageId, [...list, record]);
      if (records.size > capacity) records.delete(records.keys().next().value ?? '');
      return Promise.resolve();
    },
    remove(messageId, receives) {
      const left = (records.get(messageId) ?? []).filter((record) => !receives.includes(record.receive));
      if (left.length > 0) records.set(messageId, left);
      else records.delete(messageId);
      return Promise.resolve();
    },
    clear(messageId) {
      records.delete(messageId);
      return Promise.resolve();
    },
  };
}
