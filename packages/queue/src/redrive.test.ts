import { createEnvelope, decodeEnvelope, defineJob, type AttemptRecord } from '@longshore/job';
import { beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { deadLetterMessage, readDeadLetter } from './dead-letter.ts';
import { memoryQueue } from './memory/index.ts';
import type { Queue } from './queue.ts';
import { listDeadLetters, redrive } from './redrive.ts';

const task = defineJob({ name: 'task', schema: z.object({ n: z.number() }) });
const attempt: AttemptRecord = {
  receive: 1,
  kind: 'failed',
  code: 'handler_failed',
  message: 'no',
  stack: 'Error: no',
  host: 'h',
  atMs: 1,
};
const burial = { reason: 'because', queue: 'tasks', host: 'h', atMs: 5, maxBytes: 1_048_576, messageId: 'm' };

let queue: Queue;
let dead: Queue;
beforeEach(async () => {
  queue = memoryQueue({ name: 'tasks' });
  dead = memoryQueue({ name: 'tasks-dlq' });
  for (let n = 0; n < 25; n += 1) {
    const envelope = { ...(await createEnvelope(task, { n })), attempts: [attempt] };
    await dead.send([
      deadLetterMessage({ ...burial, envelope, code: n % 5 === 0 ? 'odd' : 'handler_failed' }),
    ]);
  }
});

describe('dead letters', () => {
  it('are listed with their reasons and stay where they are', async () => {
    const letters = await listDeadLetters(dead, { limit: 100 });
    expect(letters).toHaveLength(25);
    expect(letters[0]).toMatchObject({
      jobName: 'task',
      code: 'odd',
      reason: 'because',
      buriedAtMs: 5,
      attempts: [attempt],
    });
    expect(await dead.counts()).toEqual({ backlog: 25, inFlight: 0, delayed: 0 });
    expect(await listDeadLetters(dead, { limit: 3 })).toHaveLength(3);
  });

  it('go back as new messages that keep their history', async () => {
    const result = await redrive({ from: dead, to: queue, select: ({ code }) => code === 'odd' });
    expect(result).toMatchObject({ moved: 5, skipped: 20, failed: 0 });
    expect((await dead.counts()).backlog).toBe(20);
    const [message] = await queue.receive({ max: 1, waitMs: 0, leaseMs: 1_000 });
    const decoded = decodeEnvelope(message?.body ?? '');
    expect(message?.receiveCount).toBe(1);
    expect(decoded.ok && decoded.envelope.attempts).toEqual([attempt]);
  });

  it('are only named in a dry run, and no more are moved than asked for', async () => {
    expect((await redrive({ from: dead, to: queue, dryRun: true })).letters).toHaveLength(25);
    expect(await dead.counts()).toEqual({ backlog: 25, inFlight: 0, delayed: 0 });
    expect(await redrive({ from: dead, to: queue, limit: 2 })).toMatchObject({ moved: 2, skipped: 23 });
  });

  it('stay where they are when the queue does not take them', async () => {
    const full: Queue = Object.assign(Object.create(queue) as Queue, {
      send: () => Promise.resolve([{ ok: false, code: 'unavailable', message: 'full' }]),
    });
    expect(await redrive({ from: dead, to: full })).toMatchObject({ moved: 0, failed: 25 });
    expect((await dead.counts()).backlog).toBe(25);
  });
});

describe('deadLetterMessage', () => {
  it('drops stacks, then old attempts, where the size limit demands it', async () => {
    const attempts = Array.from({ length: 20 }, (_, index) => ({
      ...attempt,
      receive: index + 1,
      stack: 'x'.repeat(2_000),
    }));
    const envelope = { ...(await createEnvelope(task, { n: 1 })), attempts };
    const written = (maxBytes: number) => {
      const decoded = decodeEnvelope(deadLetterMessage({ ...burial, envelope, code: 'odd', maxBytes }).body);
      return decoded.ok ? decoded.envelope.attempts : [];
    };
    expect(written(1_048_576)).toEqual(attempts);
    expect(written(20_000).map(({ stack }) => stack)).toEqual(attempts.map(() => undefined));
    expect(written(9_000).map(({ receive }) => receive)).toEqual([18, 19, 20]);
  });

  it('keeps the body of a message that is no job as it was', () => {
    const message = deadLetterMessage({
      ...burial,
      rawBody: '{"Records":[]}',
      code: 'undecodable_message',
      reason: 'x'.repeat(5_000),
    });
    expect(message.body).toBe('{"Records":[]}');
    expect(message.attributes?.['longshore']?.length).toBeLessThan(1_500);
  });
});

describe('readDeadLetter', () => {
  it.each([undefined, 'not json', '[]', '{"code":5}'])(
    'says that the queue moved a message which no worker buried (%s)',
    (text) => {
      const letter = readDeadLetter({
        messageId: 'm',
        body: 'anything',
        lease: { messageId: 'm', handle: 'h', receivedAtMs: 0 },
        leaseUntilMs: 0,
        receiveCount: 1,
        sentAtMs: 7,
        attributes: text === undefined ? {} : { longshore: text },
      });
      expect(letter).toMatchObject({
        code: 'receives_exhausted',
        body: 'anything',
        buriedAtMs: 7,
        attempts: [],
      });
    },
  );
});
