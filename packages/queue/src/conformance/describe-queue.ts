/**
 * The conformance suite of the queue port, for vitest: one text for every driver. What a driver declares that it cannot do
 * is skipped with the reason it gives.
 */
import { beforeEach, afterEach, describe, expect, it, type TestContext } from 'vitest';
import type { EntryResult, Message, Queue, ReceiveOptions } from '../queue.ts';

/** A fresh, empty queue with its dead-letter queue. Messages move there by themselves after three receives. */
export interface OpenQueue {
  readonly queue: Queue;
  readonly deadLetters: Queue;
  close(): Promise<void>;
}

/** A driver under test. */
export interface QueueUnderTest {
  readonly name: string;
  readonly open: () => Promise<OpenQueue>;
  /** Reasons by the name of the case that this driver or its server cannot pass. */
  readonly skips?: Readonly<
    Partial<Record<'staleHandle' | 'maxReceives' | 'abort' | 'deduplication', string>>
  >;
}

/** SQS counts in seconds: the shortest lease that every driver has. */
const LEASE_MS = 1_000;
const LONG_LEASE_MS = 30_000;

/** Declares the suite for a driver. */
export function describeQueue({ name, open, skips = {} }: QueueUnderTest): void {
  describe(`${name} as a queue`, () => {
    let opened: OpenQueue;
    let queue: Queue;
    beforeEach(async () => {
      opened = await open();
      queue = opened.queue;
    });
    afterEach(() => opened.close());

    const skipIf = (context: TestContext, reason: string | undefined): void =>
      context.skip(reason !== undefined, reason);
    const send = async (...bodies: string[]): Promise<void> => {
      const fifo = (index: number) =>
        queue.capabilities.fifo ? { group: 'g', deduplicationId: `${bodies[index]}-${index}` } : {};
      const results = await queue.send(bodies.map((body, index) => ({ body, ...fifo(index) })));
      expect(results.map((result) => result.ok)).toEqual(bodies.map(() => true));
    };
    const receive = (options: Partial<ReceiveOptions> = {}): Promise<readonly Message[]> =>
      queue.receive({ max: 10, waitMs: 2_000, leaseMs: LONG_LEASE_MS, ...options });
    const receiveOne = async (options: Partial<ReceiveOptions> = {}): Promise<Message> => {
      const [message] = await receive({ max: 1, ...options });
      if (message === undefined) throw new Error('Expected a message, received none');
      return message;
    };

    it('delivers bodies and attributes as they were sent', async () => {
      const group = queue.capabilities.fifo ? { group: 'g', deduplicationId: 'd' } : {};
      await queue.send([{ body: 'élève 日本 "quoted"', attributes: { longshore: '{"é":1}' }, ...group }]);
      const message = await receiveOne();
      expect(message).toMatchObject({
        body: 'élève 日本 "quoted"',
        attributes: { longshore: '{"é":1}' },
        receiveCount: 1,
      });
      expect(message.lease.messageId).toBe(message.messageId);
      expect(message.leaseUntilMs).toBeGreaterThan(message.lease.receivedAtMs);
      expect(Math.abs(message.sentAtMs - Date.now())).toBeLessThan(60_000);
    });

    it('takes more entries than a batch has, answers each in order, and forgets what is completed', async () => {
      const bodies = Array.from({ length: 23 }, (_, index) => `m${index}`);
      await send(...bodies);
      expect(await queue.counts()).toMatchObject({ backlog: 23, inFlight: 0 });
      const messages: Message[] = [];
      while (messages.length < 23) {
        const more = await receive();
        const done = await queue.complete(more.map((message) => message.lease));
        expect(done).toEqual(more.map(({ messageId }) => ({ ok: true, messageId })));
        messages.push(...more);
      }
      expect(messages.map((message) => message.body).sort()).toEqual([...bodies].sort());
      expect(await queue.counts()).toEqual({ backlog: 0, inFlight: 0, delayed: 0 });
    });

    it('hides a message while its lease holds and delivers it again afterwards, counting', async () => {
      await send('a');
      await receiveOne({ leaseMs: LEASE_MS });
      expect(await receive({ waitMs: 0 })).toEqual([]);
      expect(await queue.counts()).toMatchObject({ backlog: 0, inFlight: 1 });
      expect(await receiveOne({ waitMs: 5_000 })).toMatchObject({ body: 'a', receiveCount: 2 });
    });

    it('keeps a message hidden as long as its lease is extended', async () => {
      await send('a');
      const { lease } = await receiveOne({ leaseMs: LEASE_MS });
      expect(await queue.extend([lease], LONG_LEASE_MS)).toMatchObject([{ ok: true }]);
      expect(await receive({ waitMs: 2 * LEASE_MS })).toEqual([]);
      expect(await queue.complete([lease])).toMatchObject([{ ok: true }]);
    });

    it('delivers what is given back at once, and later where a delay is asked for', async () => {
      await send('a');
      const first = await receiveOne();
      await queue.release([first.lease], 0);
      const second = await receiveOne();
      expect(second.receiveCount).toBe(2);
      await queue.release([second.lease], LEASE_MS);
      expect(await receive({ waitMs: 0 })).toEqual([]);
      expect(await receiveOne({ waitMs: 5_000 })).toMatchObject({ receiveCount: 3 });
    });

    it('answers lease_lost for the handle of an earlier delivery', async (context) => {
      skipIf(context, skips.staleHandle);
      await send('a');
      const { lease } = await receiveOne();
      await queue.release([lease], 0);
      await receiveOne();
      const codes = (results: readonly EntryResult[]) =>
        results.map((result) => (result.ok ? 'ok' : result.code));
      expect(codes(await queue.extend([lease], LONG_LEASE_MS))).toEqual(['lease_lost']);
      expect(codes(await queue.release([lease], 0))).toEqual(['lease_lost']);
      expect(await queue.counts()).toMatchObject({ inFlight: 1 });
    });

    it('moves a buried message to the dead letters, body and attributes with it', async () => {
      await send('a');
      const { lease, messageId } = await receiveOne();
      const group = queue.capabilities.fifo ? { group: 'g', deduplicationId: messageId } : {};
      const message = { body: 'a', attributes: { longshore: 'why' }, ...group };
      expect(await queue.bury([{ lease, message }])).toMatchObject([{ ok: true }]);
      expect(await queue.counts()).toEqual({ backlog: 0, inFlight: 0, delayed: 0 });
      const [dead] = await opened.deadLetters.receive({ max: 1, waitMs: 2_000, leaseMs: LONG_LEASE_MS });
      expect(dead).toMatchObject({ body: 'a', attributes: { longshore: 'why' } });
    });

    it('moves a message that was received too often to the dead letters by itself', async (context) => {
      skipIf(context, skips.maxReceives);
      await send('a');
      for (let time = 0; time < 3; time += 1) await queue.release([(await receiveOne()).lease], 0);
      expect(await receive({ waitMs: 0 })).toEqual([]);
      expect((await opened.deadLetters.counts()).backlog).toBe(1);
    });

    it('holds a delayed message back', async (context) => {
      skipIf(context, queue.capabilities.maxDelayMs === 0 ? 'capabilities.maxDelayMs is 0' : undefined);
      await queue.send([{ body: 'later', delayMs: LEASE_MS }]);
      expect(await receive({ waitMs: 0 })).toEqual([]);
      expect(await queue.counts()).toMatchObject({ backlog: 0, delayed: 1 });
      expect(await receiveOne({ waitMs: 5_000 })).toMatchObject({ body: 'later' });
    });

    it('ends a long poll when a message comes', async () => {
      const poll = receive({ waitMs: 20_000 });
      await send('a');
      expect(await poll).toHaveLength(1);
    });

    it('ends an idle long poll when it is aborted, with nothing', async (context) => {
      skipIf(context, skips.abort);
      const controller = new AbortController();
      const poll = receive({ waitMs: 20_000, signal: controller.signal });
      controller.abort();
      expect(await poll).toEqual([]);
      expect(await receive({ waitMs: 0, signal: controller.signal })).toEqual([]);
    });

    it('refuses a message over its size limit alone', async () => {
      const group = (id: string) => (queue.capabilities.fifo ? { group: 'g', deduplicationId: id } : {});
      const results = await queue.send([
        { body: 'small', ...group('1') },
        { body: 'x'.repeat(queue.capabilities.maxMessageBytes + 1), ...group('2') },
        { body: 'small too', ...group('3') },
      ]);
      expect(results.map((result) => (result.ok ? 'ok' : result.code))).toEqual(['ok', 'rejected', 'ok']);
    });

    it('keeps the order within a group and blocks it while one of it is leased', async (context) => {
      skipIf(context, queue.capabilities.fifo ? undefined : 'capabilities.fifo is false');
      await queue.send(
        ['a1', 'a2', 'b1'].map((body) => ({ body, group: body.charAt(0), deduplicationId: body })),
      );
      const first = await receiveOne();
      const others = await receive({ waitMs: 0 });
      expect([first.body, ...others.map((message) => message.body)].sort()).not.toEqual(['a1', 'a2']);
      expect(others.every((message) => message.group !== first.group)).toBe(true);
      await queue.complete([first, ...others].map((message) => message.lease));
      expect((await receive()).map((message) => message.body)).toEqual(
        first.body === 'b1' ? ['a1', 'a2'] : ['a2'],
      );
    });

    it('takes a repeated deduplication id as the same message', async (context) => {
      skipIf(context, queue.capabilities.fifo ? undefined : 'capabilities.fifo is false');
      skipIf(context, skips.deduplication);
      const message = { body: 'a', group: 'g', deduplicationId: 'same' };
      const [first] = await queue.send([message]);
      const [second] = await queue.send([message]);
      expect(second).toEqual(first);
      expect((await queue.counts()).backlog).toBe(1);
    });
  });
}
