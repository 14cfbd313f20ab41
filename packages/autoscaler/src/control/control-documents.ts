/**
 * Writes what the workers of each service are told. One leader writes; a writer whose term is over is refused.
 *
 * The store has no conditional replacement, so that two writers at the same moment are not kept apart here: the document
 * carries the term, a worker obeys the highest one, and the leader's next `refresh` writes over what an older one left.
 */
import {
  CONTROL_EXPIRES_MS,
  controlKey,
  isControlCurrent,
  MAX_DRAINED_WORKERS,
  parseControl,
  type ControlDocument,
} from '@longshore/fleet';
import { LongshoreError, isLongshoreError, type Clock } from '@longshore/job';
import { readJson, writeJson, type ObjectStore } from '@longshore/objects';

/** Options of {@link controlDocuments}. */
export interface ControlDocumentsOptions {
  /** The fleet's object store, as its workers have it. */
  readonly objects: ObjectStore;
  readonly clock: Clock;
  /** Term of this leader, a whole number from 0; each leader's is higher than that of the one before. */
  readonly term: number;
}

/**
 * What came of a write. `unchanged`: workers are told this already. `outranked`: a leader of a higher term has written, and
 * this one must write no more.
 */
export type ControlWrite =
  | { readonly kind: 'written' | 'unchanged'; readonly document: ControlDocument }
  | { readonly kind: 'outranked'; readonly term: number };

/**
 * The control documents of a fleet. Calls for one service follow one another.
 *
 * Errors: `object_store_unavailable` (retryable) when the store is out of reach, and nothing was changed.
 */
export interface ControlDocuments {
  /**
   * These workers of the service shall take no work, and no others but those: the whole list each time. Repeats cost no
   * write.
   *
   * @throws LongshoreError `invalid_options` for more than 5,000 ids, or what is no id.
   */
  drain(service: string, workerIds: readonly string[]): Promise<ControlWrite>;
  /** No worker of the service shall take work. */
  pause(service: string): Promise<ControlWrite>;
  /** Takes a pause back. Workers that are drained stay so. */
  resume(service: string): Promise<ControlWrite>;
  /**
   * Writes again what would expire, of all services that this leader has written for: call it at every tick. Documents
   * that ask for nothing are left to expire.
   */
  refresh(): Promise<readonly ControlWrite[]>;
}

type Intent = Pick<ControlDocument, 'drain' | 'isPaused'>;

const NO_INTENT: Intent = { drain: [], isPaused: false };
/** Written again at a third of its life, so that two failures in a row are no harm. */
const REFRESH_AFTER_MS = CONTROL_EXPIRES_MS / 3;
const MAX_BYTES = 524_288;

/**
 * A writer of control documents.
 *
 * @throws LongshoreError `invalid_options` for a term that is no whole number from 0.
 */
export function controlDocuments(options: ControlDocumentsOptions): ControlDocuments {
  const { clock, term } = options;
  if (!Number.isSafeInteger(term) || term < 0)
    throw new LongshoreError(
      'invalid_options',
      `Cannot write control documents in term ${term}: expected a whole number from 0`,
    );
  const intents = new Map<string, Intent>();
  const queues = new Map<string, Promise<unknown>>();
  const change = async (service: string, changed: (before: Intent) => Intent): Promise<ControlWrite> => {
    const before = queues.get(service) ?? Promise.resolve();
    const write = before.then(() => writeChange({ ...options, intents }, service, changed));
    queues.set(
      service,
      write.catch(() => undefined),
    );
    return await write;
  };
  return {
    async drain(service, workerIds) {
      const drain = [...new Set(workerIds)].toSorted();
      const asked = { version: 1, service, term, drain, isPaused: false, atMs: clock.nowMs() };
      const parsed = parseControl(asked, service);
      if (!parsed.ok) {
        const most = `expected ids of workers, at most ${MAX_DRAINED_WORKERS}`;
        throw new LongshoreError(
          'invalid_options',
          `Cannot drain workers of "${service}": ${parsed.reason}, ${most}`,
        );
      }
      return await change(service, (intent) => ({ ...intent, drain }));
    },
    pause: (service) => change(service, (intent) => ({ ...intent, isPaused: true })),
    resume: (service) => change(service, (intent) => ({ ...intent, isPaused: false })),
    refresh: () => Promise.all([...queues.keys()].map((service) => change(service, (intent) => intent))),
  };
}

async function writeChange(
  { objects, clock, term, intents }: ControlDocumentsOptions & { readonly intents: Map<string, Intent> },
  service: string,
  changed: (before: Intent) => Intent,
): Promise<ControlWrite> {
  const stored = await readControl(objects, service);
  if (stored !== undefined && stored.term > term) return { kind: 'outranked', term: stored.term };
  const nowMs = clock.nowMs();
  // What has expired is no intent any more: workers do not follow it.
  const current = stored !== undefined && isControlCurrent(stored, nowMs) ? stored : undefined;
  // An operator may have written in this term. What an older leader left counts only until this one has a will of its own.
  const own = current?.term === term ? current : intents.get(service);
  const { drain, isPaused } = changed(own ?? current ?? NO_INTENT);
  const document: ControlDocument = { version: 1, service, term, drain, isPaused, atMs: nowMs };
  const isKnown = isUpToDate(current, document);
  if (!isKnown) await writeJson(objects, controlKey(service), document);
  intents.set(service, { drain, isPaused });
  return isKnown ? { kind: 'unchanged', document: current ?? document } : { kind: 'written', document };
}

function isUpToDate(current: ControlDocument | undefined, next: ControlDocument): boolean {
  const asksForNothing = !next.isPaused && next.drain.length === 0;
  if (current === undefined) return asksForNothing;
  const isSame = current.isPaused === next.isPaused && sameIds(current.drain, next.drain);
  if (!isSame || current.term !== next.term) return false;
  return asksForNothing || next.atMs - current.atMs < REFRESH_AFTER_MS;
}

function sameIds(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((id, index) => id === others[index]);
}

/** A document that cannot be read is written over. */
async function readControl(objects: ObjectStore, service: string): Promise<ControlDocument | undefined> {
  try {
    const value = await readJson(objects, controlKey(service), { maxBytes: MAX_BYTES });
    const parsed = value === undefined ? undefined : parseControl(value, service);
    return parsed?.ok === true ? parsed.value : undefined;
  } catch (error) {
    if (isLongshoreError(error, 'object_corrupt', 'too_large')) return undefined;
    throw error;
  }
}
