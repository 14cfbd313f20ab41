/**
 * Dead letters back to work. A queue cannot be browsed: looking is receiving under a lease and giving back, which is why
 * only dead-letter queues are looked at, and only when somebody asks.
 */
import { sleep } from '@longshore/job';
import { readDeadLetter, type DeadLetter } from './dead-letter.ts';
import type { Lease, Message, Queue } from './queue.ts';

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
  const messages = (await Array.fromAsync(batchesOf(queue, limit))).flat();
  await queue.release(
    messages.map((message) => message.lease),
    0,
  );
  return messages.map(readDeadLetter);
}

/**
 * Moves dead letters back, a batch at a time: sends the jobs first, completes their letters afterwards, so that a crash
 * between the two repeats a job rather than losing it. The job is a new message, so its attempts start afresh; the old
 * ones stay in its envelope. `failed` counts letters that the queue did not take, or that could not be removed after it
 * did: those are in both queues.
 */
export async function redrive(options: RedriveOptions): Promise<RedriveResult> {
  const {
    from,
    select = () => true,
    limit = Number.POSITIVE_INFINITY,
    dryRun = false,
    maxPerSecond,
  } = options;
  const letters: DeadLetter[] = [];
  // Given back at the end, or the queue would deliver them again and again.
  const kept: Lease[] = [];
  const refused: Lease[] = [];
  let moved = 0;
  for await (const batch of batchesOf(from)) {
    const chosen = batch
      .filter((message) => select(readDeadLetter(message)))
      .slice(0, limit - letters.length);
    letters.push(...chosen.map(readDeadLetter));
    kept.push(
      ...batch.filter((message) => dryRun || !chosen.includes(message)).map((message) => message.lease),
    );
    if (dryRun || chosen.length === 0) continue;
    moved += await move(chosen, refused, options);
    if (maxPerSecond !== undefined) await sleep((chosen.length / maxPerSecond) * 1_000);
  }
  await from.release([...kept, ...refused], 0);
  const skipped = kept.length - (dryRun ? letters.length : 0);
  return { moved, skipped, failed: dryRun ? 0 : letters.length - moved, letters };
}

async function move(
  messages: readonly Message[],
  refused: Lease[],
  { from, to }: RedriveOptions,
): Promise<number> {
  const outgoing = messages.map(({ body, group, messageId }) =>
    group === undefined ? { body } : { body, group, deduplicationId: messageId },
  );
  const sent = await to.send(outgoing);
  const taken: Lease[] = [];
  for (const [index, { lease }] of messages.entries())
    (sent[index]?.ok === true ? taken : refused).push(lease);
  const completed = taken.length === 0 ? [] : await from.complete(taken);
  return completed.filter((result) => result.ok).length;
}

/** Every message once, in batches; ends when the queue has nothing new to give. */
async function* batchesOf(queue: Queue, limit: number = Number.POSITIVE_INFINITY): AsyncGenerator<Message[]> {
  const seen = new Set<string>();
  while (seen.size < limit) {
    const max = Math.min(queue.capabilities.maxBatch, limit - seen.size);
    const waitMs = seen.size === 0 ? FIRST_WAIT_MS : 0;
    const messages = await queue.receive({ max, waitMs, leaseMs: LOOK_LEASE_MS });
    const fresh = messages.filter((message) => !seen.has(message.messageId));
    for (const message of fresh) seen.add(message.messageId);
    if (fresh.length === 0) return;
    yield fresh;
  }
}
