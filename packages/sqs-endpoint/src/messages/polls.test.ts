import { once } from 'node:events';
import { connect } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openEndpoint, standingClock, type Opened, type StandingClock } from '../fixtures/open-client.ts';

let clock: StandingClock;
let opened: Opened;
let queue: string;
beforeEach(async () => {
  clock = standingClock();
  opened = await openEndpoint({ clock });
  queue = await opened.queue('jobs', { VisibilityTimeout: '30' });
});
afterEach(() => opened[Symbol.asyncDispose]());

const send = (body: string, more: object = {}) =>
  opened.call('SendMessage', { QueueUrl: queue, MessageBody: body, ...more });
interface Received {
  readonly Body: string;
  readonly ReceiptHandle: string;
  readonly Attributes: Record<string, string>;
}
const receive = async (more: object = {}, signal?: AbortSignal): Promise<readonly Received[]> => {
  const input = { QueueUrl: queue, MaxNumberOfMessages: 10, MessageSystemAttributeNames: ['All'], ...more };
  const { body } = await opened.call('ReceiveMessage', input, signal === undefined ? {} : { signal });
  return (body['Messages'] ?? []) as readonly Received[];
};
/** A poll that has arrived: the endpoint has set its timer. */
const poll = async (more: object = {}, signal?: AbortSignal) => {
  const before = clock.timers();
  const answer = receive({ WaitTimeSeconds: 20, ...more }, signal).catch(() => 'gone' as const);
  while (clock.timers() === before) await turn();
  return { answer };
};
const arrived = async (): Promise<void> => {
  for (let n = 0; n < 3; n += 1) await opened.call('GetQueueUrl', { QueueName: 'jobs' });
};

describe('a long poll', () => {
  it('answers when a message is sent, and the first that came is served first', async () => {
    const { answer: first } = await poll();
    const { answer: second } = await poll();
    await send('a');
    expect(await first).toMatchObject([{ Body: 'a' }]);
    await send('b');
    expect(await second).toMatchObject([{ Body: 'b' }]);
  });

  it('answers with nothing when its wait is over, and no sooner', async () => {
    const { answer } = await poll({ WaitTimeSeconds: 5 });
    let isOver = false;
    void answer.then(() => (isOver = true));
    clock.advance(4_999);
    await arrived();
    expect(isOver).toBe(false);
    clock.advance(1);
    expect(await answer).toEqual([]);
  });

  it('takes its wait from the queue when it names none', async () => {
    const waiting = await opened.queue('waiting', { ReceiveMessageWaitTimeSeconds: '20' });
    const answer = receive({ QueueUrl: waiting });
    await arrived();
    await send('a', { QueueUrl: waiting });
    expect(await answer).toMatchObject([{ Body: 'a' }]);
  });

  it('wakes when a delay, a lease or the wait of a group is over, or a message is given back', async () => {
    await send('a', { DelaySeconds: 3 });
    const { answer: delayed } = await poll();
    clock.advance(3_000);
    expect(await delayed).toMatchObject([{ Body: 'a' }]);
    const { answer: expired } = await poll();
    clock.advance(20_000);
    expect(await expired).toEqual([]);
    const { answer: again } = await poll();
    clock.advance(10_000);
    const [message] = (await again) as readonly Received[];
    expect(message).toMatchObject({ Body: 'a', Attributes: { ApproximateReceiveCount: '2' } });
    const { answer: released } = await poll();
    await opened.call('ChangeMessageVisibility', {
      QueueUrl: queue,
      ReceiptHandle: message?.ReceiptHandle,
      VisibilityTimeout: 0,
    });
    expect(await released).toMatchObject([{ Body: 'a' }]);
  });

  it('wakes when the group of a FIFO message is free', async () => {
    const QueueUrl = await opened.queue('jobs.fifo', { ContentBasedDeduplication: 'true' });
    for (const body of ['a1', 'a2']) await send(body, { QueueUrl, MessageGroupId: 'a' });
    const [first] = await receive({ QueueUrl, MaxNumberOfMessages: 1 });
    const { answer } = await poll({ QueueUrl });
    await opened.call('DeleteMessage', { QueueUrl, ReceiptHandle: first?.ReceiptHandle });
    expect(await answer).toMatchObject([{ Body: 'a2' }]);
  });

  it('on a dead-letter queue wakes when a message moves there', async () => {
    const deadLetters = await opened.queue('dead');
    const RedrivePolicy = JSON.stringify({
      deadLetterTargetArn: 'arn:aws:sqs:us-east-1:000000000000:dead',
      maxReceiveCount: 1,
    });
    await opened.call('SetQueueAttributes', { QueueUrl: queue, Attributes: { RedrivePolicy } });
    await send('bad');
    await receive({ VisibilityTimeout: 0 });
    const { answer } = await poll({ QueueUrl: deadLetters });
    expect(await receive()).toEqual([]);
    expect(await answer).toMatchObject([{ Body: 'bad' }]);
  });

  it('takes nothing once its client is gone', async () => {
    const controller = new AbortController();
    const { answer: gone } = await poll({}, controller.signal);
    const { answer: here } = await poll();
    controller.abort();
    expect(await gone).toBe('gone');
    await send('a');
    expect(await here).toMatchObject([{ Body: 'a', Attributes: { ApproximateReceiveCount: '1' } }]);
  });

  it('ends when its queue is deleted, and when the endpoint closes', async () => {
    const { answer: deleted } = await poll();
    await opened.call('DeleteQueue', { QueueUrl: queue });
    expect(await deleted).toEqual([]);
    queue = await opened.queue('jobs');
    const { answer: closed } = await poll();
    await opened.endpoint.close();
    expect(await closed).toEqual([]);
  });
});

describe('messages whose client is gone before they were written', () => {
  it('are given back with the count they had', async () => {
    await send('a');
    const body = JSON.stringify({ QueueUrl: queue, MessageSystemAttributeNames: ['All'] });
    const request = `POST / HTTP/1.1\r\nHost: x\r\nX-Amz-Target: AmazonSQS.ReceiveMessage\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    for (let n = 0; n < 20; n += 1) {
      const socket = connect(opened.endpoint.port, '127.0.0.1');
      await once(socket, 'connect');
      socket.end(request, () => socket.destroy());
      await once(socket, 'close');
    }
    expect(await receive()).toMatchObject([{ Body: 'a', Attributes: { ApproximateReceiveCount: '1' } }]);
  });
});
