/**
 * One step of a key's history as an object. Steps are numbered downwards from a large number, so that the latest comes
 * first in a listing.
 */
import { LongshoreError } from '@longshore/job';
import type { ObjectStore } from '@longshore/objects';
import { onceKeyHash } from '../key.ts';

/** A state of a key. */
export interface Step {
  /** From 1. */
  readonly number: number;
  readonly state: 'claimed' | 'released' | 'done';
  readonly owner: string;
  readonly fence: number;
  /** Claimed: the end of the lease. Done: the end of the retention. Milliseconds since the epoch. */
  readonly untilMs: number;
  /** Done only. */
  readonly record?: string;
}

/** More steps than a key can have: a renewal each millisecond for 300 years. */
const LAST = 9_999_999_999_999;

/** Where the steps of a key are. */
export function folderOf(prefix: string, key: string): string {
  return `${prefix}/${onceKeyHash(key)}/`;
}

/** The latest step. */
export async function latestStep(objects: ObjectStore, folder: string): Promise<Step | undefined> {
  for await (const { key } of objects.list(folder)) {
    const step = await readStep(objects, key);
    // A lifecycle rule may have removed it since it was listed; what comes next is older.
    if (step !== undefined) return step;
  }
  return undefined;
}

/** A step by its number. */
export async function stepOf(
  objects: ObjectStore,
  folder: string,
  number: number,
): Promise<Step | undefined> {
  return await readStep(objects, keyOf(folder, number));
}

/** Writes a step, unless another owner was first. The key is kept in clear for people who look at the object. */
export async function createStep(
  objects: ObjectStore,
  folder: string,
  key: string,
  step: Step,
): Promise<boolean> {
  const body = JSON.stringify({ key, ...step });
  const { created } = await objects.create(keyOf(folder, step.number), body, {
    contentType: 'application/json',
  });
  return created;
}

function keyOf(folder: string, number: number): string {
  return folder + String(LAST - number);
}

async function readStep(objects: ObjectStore, objectKey: string): Promise<Step | undefined> {
  const object = await objects.get(objectKey);
  if (object === undefined) return undefined;
  const chunks: Uint8Array[] = [];
  for await (const chunk of object.body) chunks.push(chunk);
  const step = parseStep(Buffer.concat(chunks).toString());
  if (step !== undefined) return step;
  throw new LongshoreError(
    'once_corrupt',
    `Object "${objectKey}" is not a step of an effect; keep other writers out of this prefix`,
    { details: { objectKey } },
  );
}

function parseStep(text: string): Step | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { number, state, owner, fence, untilMs, record } = value as Partial<Record<keyof Step, unknown>>;
  const isWhole =
    Number.isSafeInteger(number) &&
    Number.isSafeInteger(fence) &&
    typeof owner === 'string' &&
    Number.isFinite(untilMs) &&
    (state === 'claimed' || state === 'released' || (state === 'done' && typeof record === 'string'));
  return isWhole ? (value as Step) : undefined;
}
