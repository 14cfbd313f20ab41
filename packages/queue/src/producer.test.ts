import { decodeEnvelope, defineJob, systemClock, type Clock } from '@longshore/job';
import { memoryObjectStore } from '@longshore/objects/memory';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { resolveClaim } from './claim-check.ts';
import { memoryQueue } from './memory/index.ts';
import { createProducer } from './producer.ts';
import type { EntryResult, OutgoingMessage, Queue } from './queue.ts';

const task = defineJob({ name: 'task', schema: z.object({ n: z.number() }) });
const note = defineJob({ name: 'note', schema: z.object({ text: z.string() }) });

/** A queue whose `send` is watched and answered by a test. */
function queueThatAnswers(
  answer: (messages: readonly OutgoingMessage[], call: number) => Promise<EntryResult[]>,
) {
  const calls: string[][] = [];
  const inner = memoryQueue({ name: 'tasks' });
  const queue: Queue = Object.assign(Object.create(inner) as Queue, {
    name: 'tasks',
    capabilities: inner.capabilities,
    send(messages: readonly OutgoingMessage[]) {
      calls.push(messages.map(({ body }) => idOf(body)));
      return answer(messages, calls.length);
    },
  });
  return { queue, calls };
}

function idOf(body: string): string {
  const decoded = decodeEnvelope(body);
  return decoded.ok ? decoded.envelope.id : 'not an envelope';
}

const taken = (messages: readonly OutgoingMessage[]): EntryResult[] =>
  messages.map(({ body }) => ({ ok: true, messageId: idOf(body) }));

/** A clock whose waits are over at once. */
const hurried: Clock = { ...systemClock, after: (_delayMs, callback) => systemClock.after(0, callback) };

describe('a producer', () => {
  it('sends concurrent jobs in full batches', async () => {
    const { queue, calls } = queueThatAnswers((messages) => Promise.resolve(taken(messages)));
    await using producer = createProducer({ queueFor: () => queue });
    const jobs = await Promise.all(Array.from({ length: 35 }, (_, n) => producer.enqueue(task, { n })));
    expect(calls.map((ids) => ids.length).sort((a, b) => a - b)).toEqual([5, 10, 10, 10]);
    expect(new Set(jobs.map((job) => job.id)).size).toBe(35);
  });

  it('tells of each job that a queue has taken, and of no other', async () => {
    const { queue } = queueThatAnswers((messages) =>
      Promise.resolve(
        taken(messages).map((result, index) =>
          index === 0 ? { ok: false, code: 'rejected', message: 'too odd' } : result,
        ),
      ),
    );
    const sent: [string, number][] = [];
    const onSent = (job: string, count: number): void => void sent.push([job, count]);
    await using producer = createProducer({ queueFor: () => queue, onSent });
    await producer.enqueueAll(task, [{ n: 1 }, { n: 2 }, { n: 3 }]);
    expect(sent).toEqual([
      ['task', 1],
      ['task', 1],
    ]);
  });

  it('sends only what failed again, with the ids it had', async () => {
    const { queue, calls } = queueThatAnswers((messages, call) =>
      Promise.resolve(
        taken(messages).map((result, index) =>
          call === 1 && index < 2 ? { ok: false, code: 'unavailable', message: 'busy' } : result,
        ),
      ),
    );
    await using producer = createProducer({ queueFor: () => queue });
    const jobs = await Promise.all(Array.from({ length: 5 }, (_, n) => producer.enqueue(task, { n })));
    expect(calls).toHaveLength(2);
    expect(calls[1]).toEqual(calls[0]?.slice(0, 2));
    expect(jobs.map((job) => job.messageId)).toEqual(jobs.map((job) => job.id));
  });

  it('rejects what the queue refuses for good, and its neighbours go through', async () => {
    const { queue } = queueThatAnswers((messages) =>
      Promise.resolve(
        taken(messages).map((result, index) =>
          index === 1 ? { ok: false, code: 'rejected', message: 'too odd' } : result,
        ),
      ),
    );
    await using producer = createProducer({ queueFor: () => queue });
    const results = await Promise.allSettled([1, 2, 3].map((n) => producer.enqueue(task, { n })));
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(results[1]).toMatchObject({
      reason: {
        code: 'enqueue_failed',
        retryable: false,
        message: expect.stringContaining('too odd') as string,
      },
    });
  });

  it('refuses a payload that its schema refuses, before anything is sent', async () => {
    const { queue, calls } = queueThatAnswers((messages) => Promise.resolve(taken(messages)));
    await using producer = createProducer({ queueFor: () => queue });
    await expect(producer.enqueue(task, { n: 'x' } as unknown as { n: number })).rejects.toMatchObject({
      code: 'invalid_payload',
    });
    expect(calls).toEqual([]);
  });

  it('reads no more than a few hundred ahead of a queue that stands still', async () => {
    const gate = Promise.withResolvers<void>();
    const { queue } = queueThatAnswers(async (messages) => {
      await gate.promise;
      return taken(messages);
    });
    await using producer = createProducer({ queueFor: () => queue });
    let read = 0;
    async function* payloads(): AsyncGenerator<{ n: number }> {
      for (; read < 5_000; read += 1) yield await Promise.resolve({ n: read });
    }
    const all = producer.enqueueAll(task, payloads());
    let before = -1;
    while (before !== read) {
      before = read;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(read).toBeGreaterThan(10);
    expect(read).toBeLessThan(400);
    gate.resolve();
    expect(await all).toEqual({ enqueued: 5_000, failed: [] });
  });

  it('goes on after a payload that is refused, and says which it was', async () => {
    const queue = memoryQueue({ name: 'tasks' });
    await using producer = createProducer({ queueFor: () => queue });
    const payloads = [{ n: 1 }, { n: 'x' }, { n: 3 }] as unknown as { n: number }[];
    const { enqueued, failed } = await producer.enqueueAll(task, payloads);
    expect({ enqueued, failed: failed.map(({ index, error }) => [index, error.code]) }).toEqual({
      enqueued: 2,
      failed: [[1, 'invalid_payload']],
    });
    expect((await queue.counts()).backlog).toBe(2);
  });

  it('stops reading when its signal aborts', async () => {
    const queue = memoryQueue({ name: 'tasks' });
    await using producer = createProducer({ queueFor: () => queue });
    const controller = new AbortController();
    function* payloads(): Generator<{ n: number }> {
      for (let n = 0; ; n += 1) {
        if (n === 5) controller.abort();
        yield { n };
      }
    }
    await expect(producer.enqueueAll(task, payloads(), { signal: controller.signal })).rejects.toThrow(
      'aborted',
    );
  });

  it('leaves a large payload in the object store, and only there', async () => {
    const queue = memoryQueue({ name: 'notes' });
    const objects = memoryObjectStore();
    await using producer = createProducer({ queueFor: () => queue, objects });
    const text = 'x'.repeat(1_100_000);
    await producer.enqueue(note, { text });
    const [message] = await queue.receive({ max: 1, waitMs: 0, leaseMs: 1_000 });
    const decoded = decodeEnvelope(message?.body ?? '');
    expect(message?.body.length).toBeLessThan(1_000);
    expect(decoded.ok && (await resolveClaim(decoded.envelope, objects, { queue: 'notes' }))).toEqual({
      ok: true,
      payload: { text },
    });
  });

  it('refuses a large payload without an object store, and says what to pass', async () => {
    const queue = memoryQueue({ name: 'notes' });
    await using producer = createProducer({ queueFor: () => queue });
    await expect(producer.enqueue(note, { text: 'x'.repeat(1_100_000) })).rejects.toMatchObject({
      code: 'payload_too_large',
      message: expect.stringContaining('`objects`') as string,
    });
  });

  it('finishes what it has when it is closed, and takes no more', async () => {
    const queue = memoryQueue({ name: 'tasks' });
    const producer = createProducer({ queueFor: () => queue, lingerMs: 60_000 });
    const sent = producer.enqueue(task, { n: 1 });
    await new Promise((resolve) => setImmediate(resolve));
    await producer.close();
    await expect(sent).resolves.toMatchObject({ id: expect.any(String) as string });
    await expect(producer.enqueue(task, { n: 2 })).rejects.toMatchObject({ code: 'closed' });
  });

  it('leaves no caller waiting when a driver throws instead of answering', async () => {
    const { queue, calls } = queueThatAnswers(() => Promise.reject(new Error('no such host')));
    const producer = createProducer({ queueFor: () => queue, random: () => 0, clock: hurried });
    await expect(producer.enqueue(task, { n: 1 })).rejects.toMatchObject({
      code: 'enqueue_failed',
      retryable: true,
      message: expect.stringContaining('no such host') as string,
    });
    expect(calls).toHaveLength(6);
    expect(new Set(calls.flat()).size).toBe(1);
  });
});
