import { startSqsEndpoint, type SqsEndpoint } from '@longshore/sqs-endpoint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeQueue } from '../conformance/index.ts';
import { createSqsQueues } from './create-queues.ts';
import { sqsQueue } from './sqs-queue.ts';

const KEYS = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
let server: SqsEndpoint;
let endpoint = '';
let number = 0;

beforeAll(async () => {
  server = await startSqsEndpoint();
  endpoint = server.url;
});
afterAll(() => server.close());

type Transport = 'lean' | 'sdk';

async function open(suffix: string, transport: Transport = 'lean') {
  number += 1;
  const name = `jobs-${number}${suffix}`;
  const deadLetterName = `jobs-${number}-dlq${suffix}`;
  await createSqsQueues({ endpoint, transport, ...KEYS, queues: [{ name, deadLetterName, maxReceives: 3 }] });
  const queue = sqsQueue({ name, endpoint, transport, ...KEYS });
  const deadLetters = sqsQueue({ name: deadLetterName, endpoint, transport, ...KEYS });
  return {
    queue,
    deadLetters,
    close: async () => {
      await queue.close();
      await deadLetters.close();
    },
  };
}

for (const transport of ['lean', 'sdk'] as const) {
  describeQueue({ name: `sqsQueue ${transport} (standard)`, open: () => open('', transport) });
  describeQueue({ name: `sqsQueue ${transport} (FIFO)`, open: () => open('.fifo', transport) });
}

describe('the transport', () => {
  it('must be one that there is, and the lean one needs a place', () => {
    expect(() => sqsQueue({ name: 'jobs', transport: 'pigeon' as 'lean' })).toThrow(
      /expected "lean" or "sdk"/,
    );
    expect(() => sqsQueue({ name: 'jobs', transport: 'lean' })).toThrow(/wants a `region` or an `endpoint`/);
    expect(() => sqsQueue({ name: 'jobs', region: 'Ireland' })).toThrow(/expected one like "eu-west-1"/);
  });

  it('is the AWS SDK where only that can know the region', async () => {
    await using queue = sqsQueue({ name: 'jobs' });
    expect(queue.name).toBe('jobs');
  });
});

describe.each(['lean', 'sdk'] as const)('sqsQueue over the %s transport', (transport) => {
  it('says which queue is missing and what to do', async () => {
    await using queue = sqsQueue({ name: 'nowhere', endpoint, transport, ...KEYS });
    await expect(queue.counts()).rejects.toMatchObject({
      code: 'queue_missing',
      message: expect.stringContaining('"nowhere"') as string,
    });
  });

  it('answers per entry, and says to try again, when nobody listens', async () => {
    await using queue = sqsQueue({ name: 'jobs', endpoint: 'http://127.0.0.1:9', transport, ...KEYS });
    expect(await queue.send([{ body: 'a' }, { body: 'b' }])).toMatchObject([
      { ok: false, code: 'unavailable' },
      { ok: false, code: 'unavailable' },
    ]);
    await expect(queue.receive({ max: 1, waitMs: 0, leaseMs: 1_000 })).rejects.toMatchObject({
      code: 'queue_unavailable',
      retryable: true,
    });
  });

  it('can be opened again from its connection, as the lease thread does', async () => {
    const { queue, close } = await open('', transport);
    await queue.send([{ body: 'a' }]);
    const { moduleUrl, exportName, options } = queue.connection ?? {
      moduleUrl: '',
      exportName: '',
      options: {},
    };
    const module = (await import(moduleUrl)) as Record<string, typeof sqsQueue>;
    const reopen = module[exportName];
    await using other = reopen?.(structuredClone(options) as Parameters<typeof sqsQueue>[0]) ?? queue;
    expect(other).not.toBe(queue);
    expect(await other.counts()).toMatchObject({ backlog: 1 });
    await close();
  });
});
