/** Any sequence of calls on a queue with a dead-letter queue, held against a model that is small enough to be believed. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openEndpoint, standingClock, type Opened, type StandingClock } from '../fixtures/open-client.ts';

const MAX_RECEIVES = 2;

interface ModelMessage {
  readonly body: string;
  visibleMs: number;
  receives: number;
  /** The newest delivery; the model numbers them. */
  delivery: number | undefined;
}

interface Model {
  nowMs: number;
  /** In the order in which they may be received, among those that became visible at the same moment. */
  messages: ModelMessage[];
  deadLetters: string[];
  deliveries: { readonly message: ModelMessage; readonly number: number }[];
  sent: number;
}

interface Real {
  readonly queue: string;
  readonly deadLetters: string;
  readonly handles: string[];
}

let clock: StandingClock;
let opened: Opened;
beforeAll(async () => {
  clock = standingClock();
  opened = await openEndpoint({ clock });
});
afterAll(() => opened[Symbol.asyncDispose]());

type Command = fc.AsyncCommand<Model, Real>;

const send = (delaySeconds: number): Command => ({
  check: () => true,
  async run(model, { queue }) {
    const body = String((model.sent += 1));
    const visibleMs = model.nowMs + delaySeconds * 1_000;
    model.messages.push({ body, visibleMs, receives: 0, delivery: undefined });
    const answer = await opened.call('SendMessage', {
      QueueUrl: queue,
      MessageBody: body,
      DelaySeconds: delaySeconds,
    });
    expect(answer.status).toBe(200);
    await expectCounts(model, queue);
  },
  toString: () => `send(delay ${delaySeconds} s)`,
});

const receive = (max: number, seconds: number): Command => ({
  check: () => true,
  async run(model, { queue, handles }) {
    const expected: string[] = [];
    const visible = model.messages
      .filter(({ visibleMs }) => visibleMs <= model.nowMs)
      .sort((a, b) => a.visibleMs - b.visibleMs);
    for (const message of visible) {
      if (expected.length === max) break;
      if (message.receives >= MAX_RECEIVES) {
        model.messages = model.messages.filter((each) => each !== message);
        model.deadLetters.push(message.body);
        continue;
      }
      message.receives += 1;
      message.visibleMs = model.nowMs + seconds * 1_000;
      message.delivery = model.deliveries.length;
      model.deliveries.push({ message, number: message.delivery });
      expected.push(message.body);
    }
    const input = { QueueUrl: queue, MaxNumberOfMessages: max, VisibilityTimeout: seconds };
    const { body } = await opened.call('ReceiveMessage', input);
    const got = (body['Messages'] ?? []) as readonly {
      readonly Body: string;
      readonly ReceiptHandle: string;
    }[];
    expect(got.map(({ Body }) => Body)).toEqual(expected);
    handles.push(...got.map(({ ReceiptHandle }) => ReceiptHandle));
    await expectCounts(model, queue);
  },
  toString: () => `receive(${max}, ${seconds} s)`,
});

const complete = (pick: number): Command => ({
  check: ({ deliveries }) => deliveries.length > 0,
  async run(model, { queue, handles }) {
    const index = pick % model.deliveries.length;
    const { message, number } = model.deliveries[index] ?? { message: undefined, number: -1 };
    if (message?.delivery === number) model.messages = model.messages.filter((each) => each !== message);
    const answer = await opened.call('DeleteMessage', { QueueUrl: queue, ReceiptHandle: handles[index] });
    expect(answer.status).toBe(200);
    await expectCounts(model, queue);
  },
  toString: () => `delete(${pick})`,
});

const change = (pick: number, seconds: number): Command => ({
  check: ({ deliveries }) => deliveries.length > 0,
  async run(model, { queue, handles }) {
    const index = pick % model.deliveries.length;
    const { message, number } = model.deliveries[index] ?? { message: undefined, number: -1 };
    const isHeld =
      message !== undefined &&
      message.delivery === number &&
      message.visibleMs > model.nowMs &&
      model.messages.includes(message);
    if (isHeld) message.visibleMs = model.nowMs + seconds * 1_000;
    const input = { QueueUrl: queue, ReceiptHandle: handles[index], VisibilityTimeout: seconds };
    expect((await opened.call('ChangeMessageVisibility', input)).status).toBe(isHeld ? 200 : 400);
    await expectCounts(model, queue);
  },
  toString: () => `change(${pick}, ${seconds} s)`,
});

const wait = (ms: number): Command => ({
  check: () => true,
  run(model) {
    model.nowMs += ms;
    clock.advance(ms);
    return Promise.resolve();
  },
  toString: () => `wait(${ms} ms)`,
});

async function expectCounts({ nowMs, messages }: Model, QueueUrl: string): Promise<void> {
  const { body } = await opened.call('GetQueueAttributes', { QueueUrl, AttributeNames: ['All'] });
  const hidden = messages.filter(({ visibleMs }) => visibleMs > nowMs);
  expect(body['Attributes']).toMatchObject({
    ApproximateNumberOfMessages: String(messages.length - hidden.length),
    ApproximateNumberOfMessagesNotVisible: String(hidden.filter(({ receives }) => receives > 0).length),
    ApproximateNumberOfMessagesDelayed: String(hidden.filter(({ receives }) => receives === 0).length),
  });
}

const seconds = fc.constantFrom(0, 1, 5, 30);
const COMMANDS = [
  fc.constantFrom(0, 0, 2).map(send),
  fc.tuple(fc.integer({ min: 1, max: 4 }), seconds).map(([max, visibility]) => receive(max, visibility)),
  fc.nat(50).map(complete),
  fc.tuple(fc.nat(50), seconds).map(([pick, visibility]) => change(pick, visibility)),
  fc.constantFrom(1, 500, 1_000, 5_000).map(wait),
];

describe('any calls on a queue', () => {
  it('do what the model says', { timeout: 120_000 }, async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.commands(COMMANDS, { maxCommands: 60, size: 'max' }), async (commands) => {
        run += 1;
        const deadLetters = await opened.queue(`dead-${run}`);
        const deadLetterTargetArn = `arn:aws:sqs:us-east-1:000000000000:dead-${run}`;
        const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount: MAX_RECEIVES });
        const queue = await opened.queue(`jobs-${run}`, { RedrivePolicy });
        const model: Model = { nowMs: clock.nowMs(), messages: [], deadLetters: [], deliveries: [], sent: 0 };
        await fc.asyncModelRun(() => ({ model, real: { queue, deadLetters, handles: [] } }), commands);
        const found: string[] = [];
        for (;;) {
          const { body } = await opened.call('ReceiveMessage', {
            QueueUrl: deadLetters,
            MaxNumberOfMessages: 10,
          });
          const got = body['Messages'] as readonly { readonly Body: string }[] | undefined;
          if (got === undefined) break;
          found.push(...got.map(({ Body }) => Body));
        }
        expect(found.sort()).toEqual([...model.deadLetters].sort());
      }),
      { numRuns: 60 },
    );
  });
});
