/** The SQS driver against moto: the conformance suite, and the same work as on the embedded endpoint. */
import { randomUUID } from 'node:crypto';
import { describeQueue } from '@longshore/queue/conformance';
import { createSqsQueues, sqsQueue } from '@longshore/queue/sqs';
import { startSqsEndpoint } from '@longshore/sqs-endpoint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { doWork, JOBS_PER_KIND } from './head-to-head.ts';
import { startMoto, type Moto } from './moto.ts';

const KEYS = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
let moto: Moto | undefined;

beforeAll(async () => {
  moto = await startMoto();
}, 120_000);
afterAll(() => moto?.[Symbol.asyncDispose]());

/** Fails a test that the container did not come up for, with that as its reason. */
function motoEndpoint(): string {
  if (moto === undefined) throw new Error('moto did not start');
  return moto.endpoint;
}

async function open(suffix: string, transport: 'lean' | 'sdk') {
  const name = `jobs-${randomUUID()}${suffix}`;
  const deadLetterName = `jobs-${randomUUID()}-dlq${suffix}`;
  const connection = { endpoint: motoEndpoint(), transport, ...KEYS };
  await createSqsQueues({ ...connection, queues: [{ name, deadLetterName, maxReceives: 3 }] });
  const queue = sqsQueue({ ...connection, name });
  const deadLetters = sqsQueue({ ...connection, name: deadLetterName });
  return {
    queue,
    deadLetters,
    close: async () => {
      await queue.close();
      await deadLetters.close();
    },
  };
}

/** What moto itself does otherwise than SQS. */
const skips = {
  staleHandle: 'moto 5.1.1 accepts the handle of an earlier delivery',
  deduplication: 'moto 5.1.1 answers a repeated message with another id',
};

for (const transport of ['lean', 'sdk'] as const) {
  describeQueue({ name: `sqsQueue ${transport} on moto (standard)`, open: () => open('', transport), skips });
  describeQueue({
    name: `sqsQueue ${transport} on moto (FIFO)`,
    open: () => open('.fifo', transport),
    skips,
  });
}

describe('the same work on two implementations of SQS', () => {
  it('comes to the same end', { timeout: 300_000 }, async () => {
    await using embedded = await startSqsEndpoint();
    const ours = await doWork({ endpoint: embedded.url, ...KEYS });
    const theirs = await doWork({ endpoint: motoEndpoint(), ...KEYS });
    expect(theirs).toEqual(ours);
    expect(ours.completed).toHaveLength(3 * JOBS_PER_KIND);
    expect(ours.attempts).toEqual(Array.from({ length: JOBS_PER_KIND }, () => 3));
    expect(new Set(ours.dead)).toEqual(new Set(['hopeless attempts_exhausted', 'unwanted unwanted']));
    expect(ours.dead).toHaveLength(2 * JOBS_PER_KIND);
  });
});
