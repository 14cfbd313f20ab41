import {
  CreateQueueCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  ListQueueTagsCommand,
  SetQueueAttributesCommand,
  TagQueueCommand,
} from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openEndpoint, standingClock, type Opened, type StandingClock } from '../fixtures/open-client.ts';

let clock: StandingClock;
let opened: Opened;
beforeEach(async () => {
  clock = standingClock();
  opened = await openEndpoint({ clock });
});
afterEach(() => opened[Symbol.asyncDispose]());

const create = (QueueName: string, Attributes: Record<string, string> = {}) =>
  opened.client.send(new CreateQueueCommand({ QueueName, Attributes }));
const attributesOf = async (QueueUrl: string, AttributeNames: string[] = ['All']) => {
  const { body } = await opened.call('GetQueueAttributes', { QueueUrl, AttributeNames });
  return body['Attributes'] as Record<string, string> | undefined;
};
const send = (QueueUrl: string, MessageBody: string) => opened.call('SendMessage', { QueueUrl, MessageBody });
const receive = (QueueUrl: string) => opened.call('ReceiveMessage', { QueueUrl, VisibilityTimeout: 0 });
const arn = (name: string): string => `arn:aws:sqs:eu-west-3:000000000000:${name}`;

describe('a queue', () => {
  it('is found by its name at the host that the client uses, in the region that it signs for', async () => {
    const { QueueUrl = '' } = await create('jobs');
    expect(QueueUrl).toBe(`${opened.endpoint.url}/000000000000/jobs`);
    expect((await opened.client.send(new GetQueueUrlCommand({ QueueName: 'jobs' }))).QueueUrl).toBe(QueueUrl);
    expect(await attributesOf(QueueUrl)).toMatchObject({
      QueueArn: arn('jobs'),
      VisibilityTimeout: '30',
      MessageRetentionPeriod: '345600',
      MaximumMessageSize: '1048576',
      DelaySeconds: '0',
      ReceiveMessageWaitTimeSeconds: '0',
      ApproximateNumberOfMessages: '0',
      CreatedTimestamp: String(Math.floor(clock.nowMs() / 1_000)),
    });
    expect(await attributesOf(QueueUrl, ['VisibilityTimeout'])).toEqual({ VisibilityTimeout: '30' });
    expect(await attributesOf(QueueUrl, [])).toBeUndefined();
  });

  it('can be created again with equal attributes, and with no others', async () => {
    const first = await create('jobs', { VisibilityTimeout: '60' });
    expect((await create('jobs', { VisibilityTimeout: '60' })).QueueUrl).toBe(first.QueueUrl);
    expect((await create('jobs')).QueueUrl).toBe(first.QueueUrl);
    const refused = opened.call('CreateQueue', {
      QueueName: 'jobs',
      Attributes: { VisibilityTimeout: '61' },
    });
    expect(await refused).toMatchObject({
      status: 400,
      body: {
        __type: 'com.amazonaws.sqs#QueueNameExists',
        message: expect.stringContaining('VisibilityTimeout') as string,
      },
    });
    expect((await refused).headers.get('x-amzn-query-error')).toBe('QueueAlreadyExists;Sender');
  });

  it('is FIFO by its name and its attribute together', async () => {
    const { QueueUrl = '' } = await create('jobs.fifo', { FifoQueue: 'true' });
    expect(await attributesOf(QueueUrl)).toMatchObject({
      FifoQueue: 'true',
      ContentBasedDeduplication: 'false',
    });
    await expect(create('other.fifo')).rejects.toThrow(/FifoQueue=true/);
    await expect(create('other', { FifoQueue: 'true' })).rejects.toThrow(/\.fifo suffix/);
    await expect(create('other', { ContentBasedDeduplication: 'true' })).rejects.toMatchObject({
      name: 'InvalidAttributeName',
    });
  });

  it.each([
    ['VisibilityTimeout', '43201'],
    ['VisibilityTimeout', '-1'],
    ['DelaySeconds', '901'],
    ['MessageRetentionPeriod', '59'],
    ['MessageRetentionPeriod', '1209601'],
    ['MaximumMessageSize', '1048577'],
    ['ReceiveMessageWaitTimeSeconds', '21'],
    ['ReceiveMessageWaitTimeSeconds', 'soon'],
    ['RedrivePolicy', '{"maxReceiveCount":3}'],
    ['RedrivePolicy', JSON.stringify({ deadLetterTargetArn: arn('dead'), maxReceiveCount: 1_001 })],
  ])('refuses %s=%s', async (name, value) => {
    await expect(create('jobs', { [name]: value })).rejects.toMatchObject({ name: 'InvalidAttributeValue' });
  });

  it('refuses attributes and names that SQS does not know, and names that are none', async () => {
    await expect(create('jobs', { Colour: 'red' })).rejects.toMatchObject({ name: 'InvalidAttributeName' });
    await expect(create('a b')).rejects.toThrow(/alphanumeric/);
    await expect(create('x'.repeat(81))).rejects.toThrow(/80/);
    const { QueueUrl } = await create('jobs');
    expect(await opened.call('GetQueueAttributes', { QueueUrl, AttributeNames: ['Colour'] })).toMatchObject({
      body: { __type: 'com.amazonaws.sqs#InvalidAttributeName' },
    });
  });

  it('takes a redrive policy to another queue of its type that exists, and loses it by an empty one', async () => {
    const policy = (name: string) => JSON.stringify({ deadLetterTargetArn: arn(name), maxReceiveCount: '3' });
    const { QueueUrl = '' } = await create('jobs');
    const set = (value: string) =>
      opened.client.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { RedrivePolicy: value } }));
    await expect(set(policy('dead'))).rejects.toThrow(/does not exist/);
    await expect(set(policy('jobs'))).rejects.toThrow(/its own/);
    await create('dead.fifo', { FifoQueue: 'true' });
    await expect(set(policy('dead.fifo'))).rejects.toThrow(/same type/);
    await create('dead');
    await set(policy('dead'));
    const { body } = await opened.call('ListDeadLetterSourceQueues', {
      QueueUrl: `${opened.endpoint.url}/0/dead`,
    });
    expect(body).toEqual({ queueUrls: [QueueUrl] });
    await set('');
    expect(await attributesOf(QueueUrl)).not.toHaveProperty('RedrivePolicy');
  });

  it('is gone with its messages when it is deleted, and a new one of its name is empty', async () => {
    const { QueueUrl = '' } = await create('jobs');
    await send(QueueUrl, 'a');
    await opened.call('DeleteQueue', { QueueUrl });
    const refused = await send(QueueUrl, 'b');
    expect(refused).toMatchObject({ status: 400, body: { __type: 'com.amazonaws.sqs#QueueDoesNotExist' } });
    expect(refused.headers.get('x-amzn-query-error')).toBe('AWS.SimpleQueueService.NonExistentQueue;Sender');
    await create('jobs');
    expect((await receive(QueueUrl)).body).toEqual({});
  });

  it('can be purged once a minute', async () => {
    const { QueueUrl = '' } = await create('jobs');
    await send(QueueUrl, 'a');
    expect((await opened.call('PurgeQueue', { QueueUrl })).status).toBe(200);
    expect((await receive(QueueUrl)).body).toEqual({});
    expect((await opened.call('PurgeQueue', { QueueUrl })).body).toMatchObject({
      __type: 'com.amazonaws.sqs#PurgeQueueInProgress',
    });
    clock.advance(60_000);
    expect((await opened.call('PurgeQueue', { QueueUrl })).status).toBe(200);
  });

  it('carries tags', async () => {
    const { QueueUrl = '' } = await create('jobs');
    await opened.client.send(new TagQueueCommand({ QueueUrl, Tags: { team: 'a', cost: 'b' } }));
    await opened.call('UntagQueue', { QueueUrl, TagKeys: ['cost'] });
    expect((await opened.client.send(new ListQueueTagsCommand({ QueueUrl }))).Tags).toEqual({ team: 'a' });
  });
});

describe('the list of queues', () => {
  it('is told by prefix and in pages', async () => {
    for (const name of ['b', 'a-2', 'a-1', 'a-3']) await create(name);
    const names: (string | undefined)[] = [];
    let NextToken: string | undefined;
    do {
      const page = await opened.client.send(
        new ListQueuesCommand({ QueueNamePrefix: 'a-', MaxResults: 2, NextToken }),
      );
      names.push(...(page.QueueUrls ?? []).map((url) => url.split('/').at(-1)));
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    expect(names).toEqual(['a-1', 'a-2', 'a-3']);
  });
});

describe('a message move task', () => {
  const status = async () => {
    const { body } = await opened.call('ListMessageMoveTasks', { SourceArn: arn('dead') });
    return (body['Results'] as readonly Record<string, unknown>[])[0];
  };
  const opening = async () => {
    await create('dead');
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: arn('dead'), maxReceiveCount: 1 });
    const { QueueUrl: jobs = '' } = await create('jobs', { RedrivePolicy });
    for (const body of ['a', 'b', 'c']) await send(jobs, body);
    for (let n = 0; n < 4; n += 1) await receive(jobs);
    return jobs;
  };

  it('brings dead letters back to where they came from, as new messages, no faster than it is told', async () => {
    const jobs = await opening();
    const input = { SourceArn: arn('dead'), MaxNumberOfMessagesPerSecond: 2 };
    expect((await opened.call('StartMessageMoveTask', input)).status).toBe(200);
    expect((await opened.call('StartMessageMoveTask', input)).body).toMatchObject({
      __type: 'com.amazonaws.sqs#UnsupportedOperation',
    });
    expect(await attributesOf(jobs)).toMatchObject({ ApproximateNumberOfMessages: '0' });
    clock.advance(0);
    await opened.call('ListQueues', {});
    expect(await status()).toMatchObject({ Status: 'RUNNING', ApproximateNumberOfMessagesMoved: 2 });
    clock.advance(1_000);
    await opened.call('ListQueues', {});
    expect(await status()).toMatchObject({
      Status: 'COMPLETED',
      ApproximateNumberOfMessagesMoved: 3,
      ApproximateNumberOfMessagesToMove: 3,
    });
    const { body } = await opened.call('ReceiveMessage', {
      QueueUrl: jobs,
      MessageSystemAttributeNames: ['ApproximateReceiveCount'],
    });
    expect(body['Messages']).toMatchObject([{ Attributes: { ApproximateReceiveCount: '1' } }]);
  });

  it('brings them to another queue, can be cancelled, and needs a dead-letter queue to start from', async () => {
    await opening();
    const { QueueUrl: other = '' } = await create('other');
    const start = (input: object) => opened.call('StartMessageMoveTask', input);
    expect((await start({ SourceArn: arn('other') })).body).toMatchObject({
      message: expect.stringContaining('Dead Letter') as string,
    });
    expect((await start({ SourceArn: arn('none') })).body).toMatchObject({
      __type: 'com.amazonaws.sqs#ResourceNotFoundException',
    });
    const { body } = await start({
      SourceArn: arn('dead'),
      DestinationArn: arn('other'),
      MaxNumberOfMessagesPerSecond: 1,
    });
    clock.advance(0);
    const cancelled = await opened.call('CancelMessageMoveTask', { TaskHandle: body['TaskHandle'] });
    expect(cancelled.body).toEqual({ ApproximateNumberOfMessagesMoved: 1 });
    clock.advance(10_000);
    expect(await attributesOf(other)).toMatchObject({ ApproximateNumberOfMessages: '1' });
    expect(await status()).toMatchObject({ Status: 'CANCELLED' });
    expect((await opened.call('CancelMessageMoveTask', { TaskHandle: 'x' })).status).toBe(400);
  });
});
