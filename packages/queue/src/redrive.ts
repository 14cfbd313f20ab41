/**
 * Dead letters back to work. A queue cannot be browsed: looking is receiving under a lease and giving back, which is why
 * only dead-letter queues are looked at, and only when somebody asks.
 */
import { sleep } from '@longshore/job';
import { readDeadLetter, type DeadLetter } from './dead-letter.ts';
import type { Message, Queue } from './queue.ts';

/** Options of {@link redrive}. */
export interface RedriveOptions {
  /** The dead-letter queue. */
  readonly from: Queue;
  /** Where the jobs go. */
  readonly to: Queue;
  /** Which letters. Default: all. */
  readonly select?: (letter: DeadLetter) => boolean;
  /** At most this many. Default: all. */
  readonly limit?: number;
  /** Only says what would be moved. */
  readonly dryRun?: boolean;
  readonly maxPerSecond?: number;
}

/** What a redrive did. */
export interface RedriveResult {
  readonly moved: number;
  readonly skipped: number;
  readonly failed: number;
  readonly letters: readonly DeadLetter[];
}

/** Long enough to look at every letter once before the first comes back. */
const LOOK_LEASE_MS = 60_000;
/** A short poll asks only some of SQS's servers and may miss what is there; a long one asks all. */
const FIRST_WAIT_MS = 1_000;

/** Dead letters, oldest first as the queue gives them; up to `limit`. All are given back. */
export async function listDeadLetters(
  queue: Queue,
  { limit }: { readonly limit: number },
): Promise<DeadLetter[]> {
  const messages = await take(queue, limit);
  await queue.release(
    messages.map((message) => message.lease),
    0,
  );
  return messages.map(readDeadLetter);
}

/**
 * Moves dead letters back: sends the job first, completes the letter afterwards, so that a crash between the two repeats
 * a job rather than losing it. The job is a new message, so its attempts start afresh; the old ones stay in its envelope.
 */
export async function redrive(options: RedriveOptions): Promise<RedriveResult> {
  const {
    from,
    to,
    select = () => true,
    limit = Number.POSITIVE_INFINITY,
    dryRun = false,
    maxPerSecond,
  } = options;
  const messages = await take(from, Number.POSITIVE_INFINITY);
  const chosen = messages.filter((message) => select(readDeadLetter(message))).slice(0, limit);
  const rest = messages.filter((message) => !chosen.includes(message));
  await from.release(
    (dryRun ? messages : rest).map((message) => message.lease),
    0,
  );
  const letters = chosen.map(readDeadLetter);
  if (dryRun) return { moved: 0, skipped: rest.length, failed: 0, letters };
  let moved = 0;
  for (const message of chosen) {
    const { body, group } = message;
    const [sent] = await to.send([
      { body, ...(group === undefined ? {} : { group, deduplicationId: message.messageId }) },
    ]);
    if (sent?.ok === true) {
      await from.complete([message.lease]);
      moved += 1;
    } else await from.release([message.lease], 0);
    if (maxPerSecond !== undefined) await sleep(1_000 / maxPerSecond);
  }
  return { moved, skipped: rest.length, failed: chosen.length - moved, letters };
}

async function take(queue: Queue, limit: number): Promise<Message[]> {
  const taken: Message[] = [];
  const seen = new Set<string>();
  while (taken.length < limit) {
    const max = Math.min(queue.capabilities.maxBatch, limit - taken.length);
    const waitMs = taken.length === 0 ? FIRST_WAIT_MS : 0;
    const messages = await queue.receive({ max, waitMs, leaseMs: LOOK_LEASE_MS });
    const fresh = messages.filter((message) => !seen.has(message.messageId));
    for (const message of fresh) seen.add(message.messageId);
    taken.push(...fresh);
    if (fresh.length === 0) break;
  }
  return taken;
}
