import { writeFile, mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { decodeEnvelope } from '@longshore/job';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { localhostCertificate, type Certificate } from '../../bench/runtime/certificate.ts';
import type { Row } from '../../bench/runtime/collect.ts';
import { FIGURES } from '../../bench/runtime/figures.ts';
import { reportJson, reportTable } from '../../bench/runtime/report.ts';
import { startSqsStub, type SqsStub, type SqsStubOptions } from '../../bench/runtime/sqs-stub.ts';
import { svgChart } from '../../bench/runtime/svg-chart.ts';
import { waitsMs } from '../../bench/runtime/workload.ts';
import { ROOT, runProgram } from '../check/run-program.ts';

const KEYS = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
};
let certificate: Certificate;

beforeAll(() => {
  certificate = localhostCertificate(Date.now());
});

interface Opened extends AsyncDisposable {
  readonly stub: SqsStub;
  readonly sqs: SQSClient;
  readonly QueueUrl: string;
}

async function open(options: Partial<SqsStubOptions> = {}): Promise<Opened> {
  const stub = await startSqsStub({ ...certificate, latencyMs: 0, ...options });
  const requestHandler = { httpsAgent: { ca: certificate.certificate } };
  // The SDK compares the MD5 of every body that it sends and receives; one attempt, so that no fault is retried away.
  const sqs = new SQSClient({ ...KEYS, endpoint: stub.endpoint, requestHandler, maxAttempts: 1 });
  const dispose = async (): Promise<void> => {
    sqs.destroy();
    await stub.close();
  };
  return { stub, sqs, QueueUrl: stub.queueUrl, [Symbol.asyncDispose]: dispose };
}

describe('the SQS stub', () => {
  it('delivers messages that the SDK accepts and a worker can read, each of its own', async () => {
    await using opened = await open();
    const { sqs, stub, QueueUrl } = opened;
    const seen = new Set<string | undefined>();
    for (const MaxNumberOfMessages of [10, 1, 7]) {
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages }));
      expect(Messages).toHaveLength(MaxNumberOfMessages);
      for (const { MessageId, ReceiptHandle, Body = '', Attributes } of Messages) {
        seen.add(MessageId).add(ReceiptHandle);
        expect(ReceiptHandle).toHaveLength(360);
        expect(Math.abs(Buffer.byteLength(Body) - 256)).toBeLessThan(32);
        expect(decodeEnvelope(Body)).toMatchObject({ ok: true, envelope: { name: 'bench-task' } });
        expect(Attributes?.ApproximateReceiveCount).toBe('1');
        expect(Number(Attributes?.SentTimestamp)).toBeGreaterThan(1e12);
      }
    }
    expect(seen.size).toBe(36);
    expect(stub.counts()).toMatchObject({ calls: { ReceiveMessage: 3 }, delivered: 18 });
  });

  it('answers batches by id, with MD5s that the SDK accepts', async () => {
    await using opened = await open();
    const { sqs, stub, QueueUrl } = opened;
    const ids = ['a', 'b', 'ü'];
    const handles = ids.map((Id) => ({ Id, ReceiptHandle: `handle of ${Id}` }));
    const sent = await sqs.send(
      new SendMessageBatchCommand({
        QueueUrl,
        Entries: ids.map((Id) => ({ Id, MessageBody: `body of ${Id} — ✓` })),
      }),
    );
    const deleted = await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries: handles }));
    const extended = await sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries: handles }));
    for (const answer of [sent, deleted, extended])
      expect(answer.Successful?.map(({ Id }) => Id)).toEqual(ids);
    const alone = await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'alone' }));
    expect(alone.MessageId).toMatch(/^[\da-f-]{36}$/);
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: 'one' }));
    expect(stub.counts()).toMatchObject({ sent: 4, deleted: 4 });
  });

  it('knows its queue, and says which action it does not know', async () => {
    await using opened = await open();
    const { sqs, QueueUrl } = opened;
    expect((await sqs.send(new GetQueueUrlCommand({ QueueName: 'bench' }))).QueueUrl).toBe(QueueUrl);
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
    );
    expect(Attributes?.['ApproximateNumberOfMessages']).toBe('0');
    await expect(sqs.send(new ListQueuesCommand())).rejects.toThrow('does not know the action ListQueues');
  });

  it('is empty after its stock, and holds a long poll then', async () => {
    await using opened = await open({ stock: 3 });
    const { sqs, stub, QueueUrl } = opened;
    const receive = (WaitTimeSeconds: number, abortSignal?: AbortSignal) =>
      sqs.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds }),
        abortSignal === undefined ? {} : { abortSignal },
      );
    expect((await receive(0)).Messages).toHaveLength(3);
    expect((await receive(0)).Messages).toBeUndefined();
    await expect(receive(20, AbortSignal.timeout(300))).rejects.toThrow(/abort/i);
    expect(stub.counts()).toMatchObject({ delivered: 3, calls: { ReceiveMessage: 3 } });
  });

  it('adds its latency to every call', async () => {
    await using opened = await open({ latencyMs: 40 });
    const startMs = performance.now();
    await opened.sqs.send(new GetQueueUrlCommand({ QueueName: 'bench' }));
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(39);
  });

  it('closes a connection that brings no SQS request', async () => {
    await using opened = await open();
    const answer = new Promise((resolve, reject) => {
      request(opened.stub.endpoint, { ca: certificate.certificate }, resolve).once('error', reject).end();
    });
    await expect(answer).rejects.toThrow(/socket hang up|ECONNRESET/);
  });
});

describe('the waits of mixed handlers', () => {
  it('are the same for the same seed, one of ten long, 13 of 20 batches with a long one', () => {
    const [first, again, other] = [waitsMs('mixed', 1), waitsMs('mixed', 1), waitsMs('mixed', 2)];
    const take = (next: () => number): number[] => Array.from({ length: 400 }, next);
    const waits = take(first);
    expect(take(again)).toEqual(waits);
    expect(take(other)).not.toEqual(waits);
    expect(waits.filter((waitMs) => waitMs === 500)).toHaveLength(40);
    expect(waits.filter((waitMs) => waitMs === 20)).toHaveLength(360);
    const tens = Array.from({ length: 40 }, (_, index) => waits.slice(index * 10, index * 10 + 10));
    expect(tens.filter((ten) => ten.includes(500))).toHaveLength(26);
  });
});

describe('the report', () => {
  const [figure] = FIGURES;
  const row = (ours: number, peer: number | undefined, transport?: string): Row[] =>
    figure === undefined
      ? []
      : [
          {
            figure,
            transport,
            value: peer === undefined ? ours : ours / peer,
            ours,
            peer,
            runs: { ours: [ours], peer: [] },
          },
        ];

  it('says whether a bar is held, its aim is reached, or it is missed', () => {
    expect(reportTable(row(20, 100))).toMatch(/0\.2 +held\n[^]*All 1 held/);
    expect(reportTable(row(10, 100))).toContain('held, aim reached');
    expect(reportTable(row(26, 100))).toMatch(/MISSED\n[^]*1 of 1 MISSED/);
  });

  it('keeps other transports apart', () => {
    const json = reportJson([...row(10, 100), ...row(20, 100, 'sdk')]);
    expect(json).toMatchObject({ cpuVsSqsConsumerBatch: 0.1, sdk: { cpuVsSqsConsumerBatch: 0.2 } });
    expect(Object.keys(json)).toEqual(['cpuVsSqsConsumerBatch', 'raw', 'sdk']);
  });

  it('draws what has a peer, the bars to scale and the text as text', () => {
    const chart = svgChart([...row(25, 100), ...row(7, undefined), ...row(99, 100, 'sdk')]);
    const widths = [...chart.matchAll(/<rect class="(\w+)"[^>]* width="([\d.]+)"/g)].map((match) => [
      match[1],
      Number(match[2]),
    ]);
    expect(widths).toEqual([
      ['ours', 70],
      ['peer', 280],
    ]);
    expect(chart).toContain('>100 · sqs-consumer handleMessageBatch 10</text>');
    expect(chart).toContain('prefers-color-scheme: dark');
  });
});

describe('pnpm bench runtime', () => {
  const bench = (...args: readonly string[]) =>
    runProgram([process.execPath, join(ROOT, 'bench/main.ts'), 'runtime', ...args]);

  it('measures one figure and prints it as JSON on its last line', async () => {
    const { code, stdout, output } = await bench('--quick', '--only', 'producerCallsPerMessage', '--json');
    expect(code, output).toBe(0);
    const figures = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>;
    expect(Object.keys(figures)).toEqual(['producerCallsPerMessage', 'raw']);
    // A call takes ten messages at most; one that took fewer than five would be no batching.
    expect(figures['producerCallsPerMessage']).toBeGreaterThanOrEqual(0.095);
    expect(figures['producerCallsPerMessage']).toBeLessThan(0.2);
    expect(figures['raw']).toMatchObject({
      producerCallsPerMessage: { unit: 'calls/msg', peer: null, runs: { ours: [expect.any(Number)] } },
    });
    expect(stdout).toContain('≤ 0.11');
  });

  it('refuses wrong options and figures, and says which there are', async () => {
    for (const args of [['--only', 'speed'], ['--fast'], ['--only']]) {
      const { code, output } = await bench(...args);
      expect(code).toBe(2);
      for (const { key } of FIGURES) expect(output).toContain(key);
    }
    expect((await bench('--only', 'idleRssMB,speed')).output).toContain('There is no figure "speed"');
  });
});

describe('the certificate', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'longshore-certificate-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('is trusted by a process that is told so by NODE_EXTRA_CA_CERTS, and by no other', async () => {
    await using opened = await open();
    const file = join(folder, 'localhost.pem');
    await writeFile(file, certificate.certificate);
    const { port } = new URL(opened.stub.endpoint);
    const program = `require('tls').connect(${port}, 'localhost', function () { console.log(this.getProtocol(), this.authorized); this.end() }).on('error', (e) => { console.log(e.code); })`;
    const connect = (env: NodeJS.ProcessEnv) => runProgram([process.execPath, '-e', program], { env });
    const told = await connect({ ...process.env, NODE_EXTRA_CA_CERTS: file });
    expect(told.stdout.trim()).toBe('TLSv1.3 true');
    const untold = await connect({ ...process.env, NODE_EXTRA_CA_CERTS: undefined });
    expect(untold.stdout.trim()).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
  });
});
