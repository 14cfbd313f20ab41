/**
 * Finds out whether a store's conditional create is real. Some S3-compatible servers accept `If-None-Match: *` and
 * ignore it; every claim and every once-only effect built on `create` would then run as often as it is tried.
 */
import { randomUUID } from 'node:crypto';
import { LongshoreError } from '@longshore/job';
import { readText } from './read-object.ts';
import type { ObjectStore } from './object-store.ts';

/** Options of {@link verifyConditionalCreate}. */
export interface VerifyConditionalCreateOptions {
  /** Folder of the probe objects, without a slash at its end. The caller may write and delete there. */
  readonly prefix: string;
  /**
   * Size of the probe bodies. Default 64. Above the S3 driver's `partBytes` the multipart path is probed, which some
   * servers treat differently.
   */
  readonly bodyBytes?: number;
  readonly signal?: AbortSignal;
}

/** Enough for a server that checks and writes in two steps to let more than one through. */
const BURST = 8;
const DEFAULT_BODY_BYTES = 64;

/**
 * Creates probe objects, one after the other and at the same time, and removes them. Run it once at start where
 * `capabilities.conditionalCreate` is `unverified`.
 *
 * @throws LongshoreError `conditional_writes_ignored` when a second create of a key succeeded or changed the object;
 * and the errors of `create`, `get` and `delete`
 */
export async function verifyConditionalCreate(
  store: ObjectStore,
  options: VerifyConditionalCreateOptions,
): Promise<void> {
  const { prefix, bodyBytes = DEFAULT_BODY_BYTES, signal } = options;
  const write = signal === undefined ? {} : { signal };
  const run = randomUUID();
  const pair = `${prefix}/conditional-create-${run}-pair`;
  const burst = `${prefix}/conditional-create-${run}-burst`;
  const create = async (key: string, attempt: number): Promise<string | undefined> => {
    const body = `${attempt} ${run}`.padEnd(bodyBytes, '.');
    return (await store.create(key, body, write)).created ? body : undefined;
  };
  const check = async (key: string, how: string, bodies: readonly (string | undefined)[]): Promise<void> => {
    const winners = bodies.filter((body) => body !== undefined);
    const stored = await readText(store, key, { maxBytes: bodyBytes + run.length + 8, ...write });
    if (winners.length === 1 && stored === winners[0]) return;
    throw ignored(how, bodies.length, winners.length);
  };
  const probe = async (): Promise<void> => {
    await check(pair, 'one after the other', [await create(pair, 1), await create(pair, 2)]);
    const attempts = Array.from({ length: BURST }, (_, attempt) => create(burst, attempt));
    await check(burst, 'at the same time', await settled(attempts));
  };
  const [probed] = await Promise.allSettled([probe()]);
  const removed = await Promise.allSettled([store.delete(pair), store.delete(burst)]);
  // The finding counts more than a failed clean-up. What was thrown is thrown on as it was.
  for (const outcome of [probed, ...removed]) if (outcome.status === 'rejected') throw outcome.reason;
}

/** All results; when one failed its error, but only once no create is under way that could undo the clean-up. */
async function settled<Value>(promises: readonly Promise<Value>[]): Promise<Value[]> {
  await Promise.allSettled(promises);
  return await Promise.all(promises);
}

function ignored(how: string, attempts: number, winners: number): LongshoreError {
  const what =
    winners === 1 ? 'the object of the winner was changed' : `${winners} of them succeeded, expected 1`;
  return new LongshoreError(
    'conditional_writes_ignored',
    `Cannot rely on conditional creates of this object store: of ${attempts} creates of one key ${how}, ${what}. ` +
      'Use a server that enforces If-None-Match on writes (Amazon S3 does), or the fs driver',
    { details: { attempts, winners } },
  );
}
