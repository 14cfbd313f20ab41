import { createHash } from 'node:crypto';
import {
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  type MessageAttributeValue,
} from '@aws-sdk/client-sqs';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openEndpoint, type Opened } from '../fixtures/open-client.ts';

const MIB = 1_048_576;
let opened: Opened;
let queue: string;
beforeEach(async () => {
  opened = await openEndpoint();
  queue = await opened.queue('jobs');
});
afterEach(() => opened[Symbol.asyncDispose]());

const send = (MessageBody: string, more: object = {}) =>
  opened.call('SendMessage', { QueueUrl: queue, MessageBody, ...more });
const receive = (more: object = {}) =>
  opened.client.send(new ReceiveMessageCommand({ QueueUrl: queue, MaxNumberOfMessages: 10, ...more }));
const batch = (Entries: readonly object[]) => opened.call('SendMessageBatch', { QueueUrl: queue, Entries });
const typeOf = ({ body }: { readonly body: Readonly<Record<string, unknown>> }): unknown =>
  String(body['__type']).split('#')[1];
const text = (StringValue: string): MessageAttributeValue => ({ DataType: 'String', StringValue });

describe('SendMessage', () => {
  it('takes every character that SQS documents, and the SDK agrees with the digest', async () => {
    const MessageBody = '\t\n\r ~\u00E9\uD7FF\uE000\uFFFD\u{10000}\u{1F600}\u{10FFFF}';
    await opened.client.send(new SendMessageCommand({ QueueUrl: queue, MessageBody }));
    const { Messages = [] } = await receive();
    expect(Messages[0]).toMatchObject({
      Body: MessageBody,
      MD5OfBody: createHash('md5').update(MessageBody).digest('hex'),
    });
  });

  it.each(['\u0000', '\u0008', '\u000B', '\u000C', '\u001F', '\uFFFE', '\uFFFF', '\uD800', '\uDC00x'])(
    'refuses a body with %j',
    async (character) => {
      expect(typeOf(await send(`a${character}`))).toBe('InvalidMessageContents');
      const attribute = { MessageAttributes: { k: text(character) } };
      expect(typeOf(await send('a', attribute))).toBe('InvalidMessageContents');
    },
  );

  it('carries attributes of all types, and digests them as AWS does', async () => {
    const attributes = {
      timestamp: { DataType: 'Number', StringValue: '1493147359900' },
    };
    // The digest of this attribute by AWS's own clients.
    expect((await send('a', { MessageAttributes: attributes })).body).toMatchObject({
      MD5OfMessageAttributes: '235c5c510d26fb653d073faed50ae77c',
    });
    const MessageAttributes = {
      ...attributes,
      note: { DataType: 'String.custom', StringValue: '\u00E9' },
      bytes: { DataType: 'Binary', BinaryValue: new Uint8Array([0, 1, 255]) },
    };
    await opened.client.send(
      new SendMessageCommand({ QueueUrl: queue, MessageBody: 'b', MessageAttributes }),
    );
    const { Messages = [] } = await receive({ MessageAttributeNames: ['All'], VisibilityTimeout: 0 });
    expect(Messages[1]?.MessageAttributes).toEqual(MessageAttributes);
  });

  it('tells the attributes that a receive asks for, by name and by prefix', async () => {
    await send('a', { MessageAttributes: { 'app.one': text('1'), 'app.two': text('2'), other: text('3') } });
    const namesOf = async (...MessageAttributeNames: string[]) => {
      const { Messages = [] } = await receive({ MessageAttributeNames, VisibilityTimeout: 0 });
      return Object.keys(Messages[0]?.MessageAttributes ?? {}).sort();
    };
    expect(await namesOf()).toEqual([]);
    expect(await namesOf('other', 'none')).toEqual(['other']);
    expect(await namesOf('app.*')).toEqual(['app.one', 'app.two']);
    expect(await namesOf('.*')).toEqual(['app.one', 'app.two', 'other']);
  });

  it.each<[string, Record<string, object>]>([
    ['an empty value', { k: text('') }],
    ['no type', { k: { StringValue: 'v' } }],
    ['an unknown type', { k: { DataType: 'Date', StringValue: 'v' } }],
    ['a number that is none', { k: { DataType: 'Number', StringValue: 'many' } }],
    ['a reserved name', { 'AWS.k': text('v') }],
    ['a name with a space', { 'a b': text('v') }],
    ['a name that ends in a dot', { 'a.': text('v') }],
    ['eleven of them', Object.fromEntries(Array.from({ length: 11 }, (_, n) => [`k${n}`, text('v')]))],
  ])('refuses attributes with %s', async (_what, MessageAttributes) => {
    expect(typeOf(await send('a', { MessageAttributes }))).toBe('InvalidParameterValueException');
  });

  it('carries the trace header, and no other system attribute', async () => {
    await send('a', { MessageSystemAttributes: { AWSTraceHeader: text('Root=1-2-3') } });
    const { Messages = [] } = await receive({ MessageSystemAttributeNames: ['AWSTraceHeader'] });
    expect(Messages[0]?.Attributes).toEqual({ AWSTraceHeader: 'Root=1-2-3' });
    expect((await send('a', { MessageSystemAttributes: { Other: text('x') } })).status).toBe(400);
  });

  it('takes 1 MiB of body and attributes, and not a byte more', async () => {
    const attributes = { MessageAttributes: { k: text('v') } };
    const room = MIB - 'k'.length - 'String'.length - 'v'.length;
    expect((await send('x'.repeat(room), attributes)).status).toBe(200);
    expect((await send('x'.repeat(room + 1), attributes)).body).toMatchObject({
      message: expect.stringContaining('shorter than 1048576 bytes') as string,
    });
    expect((await send('\u00E9'.repeat(MIB / 2))).status).toBe(200);
    expect((await send('\u00E9'.repeat(MIB / 2 + 1))).status).toBe(400);
  });

  it.each([
    ['DelaySeconds', 901],
    ['DelaySeconds', -1],
    ['MessageGroupId', 'a b'],
    ['MessageGroupId', 'x'.repeat(129)],
  ])('refuses %s=%s', async (name, value) => {
    expect(typeOf(await send('a', { [name]: value }))).toBe('InvalidParameterValueException');
  });

  it('refuses an empty body and values of the wrong type', async () => {
    expect(typeOf(await send(''))).toBe('MissingRequiredParameterException');
    expect(typeOf(await send('a', { DelaySeconds: '5' }))).toBe('SerializationException');
    expect(typeOf(await opened.call('SendMessage', { QueueUrl: queue, MessageBody: 5 }))).toBe(
      'SerializationException',
    );
    expect(typeOf(await opened.call('SendMessage', { MessageBody: 'a' }))).toBe(
      'MissingRequiredParameterException',
    );
  });
});

describe('ReceiveMessage', () => {
  it.each([
    ['MaxNumberOfMessages', 0],
    ['MaxNumberOfMessages', 11],
    ['WaitTimeSeconds', 21],
    ['VisibilityTimeout', 43_201],
    ['VisibilityTimeout', -1],
  ])('refuses %s=%i', async (name, value) => {
    const answer = await opened.call('ReceiveMessage', { QueueUrl: queue, [name]: value });
    expect(answer.body).toMatchObject({
      message: expect.stringContaining(`Value ${value} for parameter ${name}`) as string,
    });
  });

  it('gives one message unless it is asked for more, and tells system attributes by either name', async () => {
    await send('a');
    await send('b');
    const first = await opened.call('ReceiveMessage', { QueueUrl: queue, AttributeNames: ['SentTimestamp'] });
    const messages = first.body['Messages'] as readonly { readonly Attributes: object }[];
    expect(messages).toHaveLength(1);
    expect(Object.keys(messages[0]?.Attributes ?? {})).toEqual(['SentTimestamp']);
    const unknown = await opened.call('ReceiveMessage', {
      QueueUrl: queue,
      MessageSystemAttributeNames: ['Size'],
    });
    expect(typeOf(unknown)).toBe('InvalidAttributeName');
  });
});

describe('a batch', () => {
  const entry = (n: number, more: object = {}) => ({ Id: `id-${n}`, MessageBody: `m${n}`, ...more });

  it('answers each entry by itself', async () => {
    const result = await opened.client.send(
      new SendMessageBatchCommand({
        QueueUrl: queue,
        Entries: [entry(0), entry(1, { DelaySeconds: 901 }), entry(2, { MessageBody: '\uFFFE' }), entry(3)],
      }),
    );
    expect(result.Successful?.map(({ Id }) => Id)).toEqual(['id-0', 'id-3']);
    expect(result.Failed).toMatchObject([
      { Id: 'id-1', SenderFault: true, Code: 'InvalidParameterValue' },
      { Id: 'id-2', SenderFault: true, Code: 'InvalidMessageContents' },
    ]);
    expect((await receive()).Messages).toHaveLength(2);
  });

  it.each<[string, readonly object[]]>([
    ['EmptyBatchRequest', []],
    ['TooManyEntriesInBatchRequest', Array.from({ length: 11 }, (_, n) => entry(n))],
    ['BatchEntryIdsNotDistinct', [entry(1), entry(1)]],
    ['InvalidBatchEntryId', [entry(1, { Id: 'a b' })]],
    ['InvalidBatchEntryId', [entry(1, { Id: 'x'.repeat(81) })]],
    ['BatchRequestTooLong', [entry(1, { MessageBody: 'x'.repeat(MIB) }), entry(2)]],
  ])('is refused as a whole with %s, and nothing of it is sent', async (name, entries) => {
    const answer = await batch(entries);
    expect(answer.status).toBe(400);
    expect(typeOf(answer)).toBe(name);
    expect(answer.headers.get('x-amzn-query-error')).toBe(`AWS.SimpleQueueService.${name};Sender`);
    expect((await receive()).Messages).toBeUndefined();
  });

  it('deletes and changes visibility entry by entry', async () => {
    await batch([entry(0), entry(1)]);
    const { Messages = [] } = await receive();
    const [first, second] = Messages.map(({ ReceiptHandle }) => ReceiptHandle);
    const Entries = [
      { Id: 'a', ReceiptHandle: first, VisibilityTimeout: 0 },
      { Id: 'b', ReceiptHandle: 'nonsense', VisibilityTimeout: 0 },
      { Id: 'c', ReceiptHandle: second, VisibilityTimeout: 43_201 },
      { Id: 'd', ReceiptHandle: second },
    ];
    const changed = await opened.call('ChangeMessageVisibilityBatch', { QueueUrl: queue, Entries });
    expect(changed.body).toMatchObject({
      Successful: [{ Id: 'a' }],
      Failed: [
        { Id: 'b', Code: 'ReceiptHandleIsInvalid', SenderFault: true },
        { Id: 'c', Code: 'InvalidParameterValue' },
        { Id: 'd', Code: 'MissingParameter' },
      ],
    });
    const deleted = await opened.call('DeleteMessageBatch', {
      QueueUrl: queue,
      Entries: [
        { Id: 'a', ReceiptHandle: second },
        { Id: 'b', ReceiptHandle: 'nonsense' },
      ],
    });
    expect(deleted.body).toMatchObject({ Successful: [{ Id: 'a' }], Failed: [{ Id: 'b' }] });
    expect((await receive()).Messages).toMatchObject([{ Body: 'm0' }]);
  });
});

describe('bodies and attributes of any kind', () => {
  it('arrive as they were sent, or are refused', { timeout: 60_000 }, async () => {
    const anyText = fc.string({ unit: 'binary', minLength: 1, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(anyText, fc.dictionary(anyText, anyText, { maxKeys: 3 }), async (body, pairs) => {
        const attributes = Object.fromEntries(
          Object.entries(pairs).map(([key, value]) => [key, text(value)]),
        );
        const sent = await send(body, { MessageAttributes: attributes });
        const { Messages = [] } = await receive({ MessageAttributeNames: ['All'] });
        const isSent = sent.status === 200;
        expect(sent.status).toBe(isSent ? 200 : 400);
        expect(Messages.map(({ Body }) => Body)).toEqual(isSent ? [body] : []);
        expect(Messages[0]?.MessageAttributes ?? {}).toEqual(isSent ? attributes : {});
        if (isSent)
          await opened.call('DeleteMessage', { QueueUrl: queue, ReceiptHandle: Messages[0]?.ReceiptHandle });
      }),
      { numRuns: 60 },
    );
  });
});
