import { memoryObjectStore } from '@longshore/objects/memory';
import { readJson, type ObjectStore } from '@longshore/objects';
import { createProducer, listDeadLetters, type Queue } from '@longshore/queue';
import { memoryQueue } from '@longshore/queue/memory';
import { createWorker, jsonLog } from '@longshore/worker';
import { describe, expect, it } from 'vitest';
import { artefactSchema, rejectionSchema } from './artefact.ts';
import {
  EXTRACTOR_VERSION,
  artefactKey,
  decodeS3Event,
  extractPdf,
  extractionHandlers,
  rejectionKey,
  sha256,
  type Extraction,
  type Extractor,
} from './index.ts';

/** An extractor that answers what a test wants and counts; the real ones are tested in their sandboxes. */
function extractorThatAnswers(extraction: Extraction): Extractor & { calls: number; answer: Extraction } {
  const extractor = {
    calls: 0,
    answer: extraction,
    extract: () => {
      extractor.calls += 1;
      return Promise.resolve(extractor.answer);
    },
    warmUp: () => Promise.resolve(),
    close: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return extractor;
}

const ok: Extraction = {
  kind: 'ok',
  engine: 'pdfium',
  engineVersion: '1',
  isFallback: false,
  head: {
    pageCount: 2,
    metadata: { title: 'Rapport' },
    outline: [{ title: 'Un', page: 1, children: [{ title: 'Deux' }] }],
  },
  pages: [
    {
      page: 1,
      label: 'i',
      text: 'Le rapport',
      textLayer: 'present',
      hasUnreadableText: false,
      words: 2,
      fields: [{ name: 'n', value: 'v' }],
      links: [{ uri: 'https://example.org/' }],
    },
  ],
  pagesWanted: 2,
  words: 2,
  language: 'fr',
  textLayer: 'present',
};

interface Stage {
  readonly extractor: ReturnType<typeof extractorThatAnswers>;
  readonly objects: ObjectStore;
  readonly queue: Queue;
  readonly deadLetters: Queue;
  readonly indexing: Queue;
  put(key: string, bytes: string): Promise<string>;
  enqueue(key: string, source?: string): Promise<void>;
  tick(): Promise<void>;
  /** Codes and reasons of the dead letters. */
  dead(): Promise<(readonly [string | undefined, string | undefined])[]>;
}

function open(
  extraction: Extraction,
  options: { maxPdfBytes?: number; bucket?: string; prefix?: string; objects?: ObjectStore } = {},
): Stage {
  const extractor = extractorThatAnswers(extraction);
  const objects = options.objects ?? memoryObjectStore();
  const deadLetters = memoryQueue({ name: 'pdf-dlq' });
  const queue = memoryQueue({ name: 'pdf', deadLetters });
  const indexing = memoryQueue({ name: 'indexing' });
  const producer = createProducer({ queueFor: (name) => (name === 'index-document' ? indexing : queue) });
  const { objects: _, ...handlers } = { bucket: 'incoming', ...options };
  const worker = createWorker({
    queue,
    objects,
    producer,
    slots: 5,
    handlers: extractionHandlers({ extractor, ...handlers }),
    decoders: [decodeS3Event],
    log: jsonLog({ level: 'silent' }),
  });
  return {
    extractor,
    objects,
    queue,
    deadLetters,
    indexing,
    async put(key, bytes) {
      await objects.put(key, bytes);
      return sha256(Buffer.from(bytes));
    },
    async enqueue(key, source) {
      await producer.enqueue(extractPdf, { key, ...(source === undefined ? {} : { source }) });
    },
    tick: async () => void (await worker.tick()),
    dead: async () =>
      (await listDeadLetters(deadLetters, { limit: 10 })).map(({ code, reason }) => [code, reason] as const),
  };
}

async function backlog(queue: Queue): Promise<number> {
  return (await queue.counts()).backlog;
}

describe('extract-pdf', () => {
  it('leaves the text under the hash of the PDF and sends it on to the index', async () => {
    const stage = open(ok);
    const id = await stage.put('in/a.pdf', '%PDF the bytes');
    await stage.enqueue('in/a.pdf', 'a.pdf');
    await stage.tick();
    const artefact = artefactSchema.parse(await readJson(stage.objects, artefactKey(id)));
    expect(artefact).toEqual({
      documentId: id,
      source: 'a.pdf',
      extractor: { version: EXTRACTOR_VERSION, engine: 'pdfium', engineVersion: '1', isFallback: false },
      pageCount: 2,
      pages: [
        {
          page: 1,
          label: 'i',
          text: 'Le rapport',
          textLayer: 'present',
          fields: [{ name: 'n', value: 'v' }],
          links: [{ uri: 'https://example.org/' }],
        },
      ],
      words: 2,
      textLayer: 'present',
      language: 'fr',
      metadata: { title: 'Rapport' },
      outline: [{ title: 'Un', page: 1, children: [{ title: 'Deux' }] }],
    });
    const [message] = await stage.indexing.receive({ max: 1, leaseMs: 1_000, waitMs: 0 });
    expect(JSON.parse(message?.body ?? '')).toMatchObject({
      name: 'index-document',
      payload: {
        documentId: id,
        revision: Number(EXTRACTOR_VERSION),
        artefactKey: artefactKey(id),
        source: 'a.pdf',
      },
    });
  });

  it('does not extract the same bytes twice, under whichever key they come', async () => {
    const stage = open(ok);
    await stage.put('in/a.pdf', '%PDF the bytes');
    await stage.put('in/copy.pdf', '%PDF the bytes');
    for (const key of ['in/a.pdf', 'in/copy.pdf']) {
      await stage.enqueue(key);
      await stage.tick();
    }
    expect(stage.extractor.calls).toBe(1);
    expect(await backlog(stage.indexing)).toBe(2);
  });

  it('records why a document cannot be extracted before it buries the job, and does not try such bytes again', async () => {
    const stage = open({ kind: 'failed', code: 'encrypted', reason: 'It needs a password' });
    const id = await stage.put('in/a.pdf', '%PDF');
    for (let time = 0; time < 2; time += 1) {
      await stage.enqueue('in/a.pdf', 'contract.pdf');
      await stage.tick();
    }
    const record = rejectionSchema.parse(await readJson(stage.objects, rejectionKey(id)));
    expect(record).toMatchObject({
      documentId: id,
      code: 'encrypted',
      source: 'contract.pdf',
      reason: 'It needs a password',
    });
    expect(await stage.dead()).toEqual(
      Array.from({ length: 2 }, () => ['encrypted', '"contract.pdf": It needs a password']),
    );
    expect(stage.extractor.calls).toBe(1);
    expect(await backlog(stage.indexing)).toBe(0);
  });

  it('tries a document that broke a limit again when it is sent again, and forgets the rejection when that goes well', async () => {
    const stage = open({ kind: 'failed', code: 'out_of_memory', reason: 'Too much' });
    const id = await stage.put('in/a.pdf', '%PDF');
    await stage.enqueue('in/a.pdf');
    await stage.tick();
    expect(await stage.objects.head(rejectionKey(id))).toBeDefined();
    stage.extractor.answer = ok;
    await stage.enqueue('in/a.pdf');
    await stage.tick();
    expect(await stage.objects.head(rejectionKey(id))).toBeUndefined();
    expect(await stage.objects.head(artefactKey(id))).toBeDefined();
  });

  it('does not blame a document for a child that somebody else killed', async () => {
    const stage = open({ kind: 'failed', code: 'engine_crashed', reason: 'killed', blame: 'others' });
    await stage.put('in/a.pdf', '%PDF');
    await stage.enqueue('in/a.pdf');
    await stage.tick();
    expect(await stage.queue.counts()).toMatchObject({ inFlight: 1 });
    expect(await stage.dead()).toEqual([]);
    expect(await Array.fromAsync(stage.objects.list('rejections/'))).toEqual([]);
  });

  it('refuses objects that are too large, also when the store claims less', async () => {
    const stage = open(ok, { maxPdfBytes: 10 });
    await stage.put('in/a.pdf', 'eleven byte');
    await stage.enqueue('in/a.pdf');
    await stage.tick();
    expect(await stage.dead()).toEqual([
      ['too_large', expect.stringContaining('11 bytes or more, at most 10')],
    ]);

    const honest = memoryObjectStore();
    const get: ObjectStore['get'] = async (key) => {
      const found = await honest.get(key);
      return found === undefined ? undefined : { ...found, bytes: 1 };
    };
    const lied = open(ok, { maxPdfBytes: 10, objects: { ...honest, get } });
    await lied.put('in/b.pdf', 'x'.repeat(11));
    await lied.put('in/c.pdf', 'x'.repeat(9));
    await lied.enqueue('in/b.pdf');
    await lied.enqueue('in/c.pdf');
    await lied.tick();
    expect((await lied.dead()).map(([code]) => code)).toEqual(['too_large']);
    expect(await honest.head(artefactKey(sha256(Buffer.from('x'.repeat(9)))))).toBeDefined();
  });

  it('tries again when the PDF is not there yet', async () => {
    const stage = open(ok);
    await stage.enqueue('in/late.pdf');
    await stage.tick();
    expect(await stage.queue.counts()).toMatchObject({ inFlight: 1 });
    expect(stage.extractor.calls).toBe(0);
  });
});

const direct = (bucket: string, ...keys: string[]): string =>
  JSON.stringify({
    Records: keys.map((key) => ({
      eventSource: 'aws:s3',
      eventName: 'ObjectCreated:Put',
      s3: { bucket: { name: bucket }, object: { key, eTag: 'e', sequencer: key } },
    })),
  });

describe('an S3 event', () => {
  it('becomes one job for each created object, however it is wrapped', async () => {
    const bodies = [
      direct('incoming', 'in/%C3%A9t%C3%A9+2026.pdf', 'in/100%25+a%2Bb.pdf'),
      JSON.stringify({ Type: 'Notification', TopicArn: 'arn', Message: direct('incoming', 'in/c.pdf') }),
      JSON.stringify({
        version: '0',
        source: 'aws.s3',
        'detail-type': 'Object Created',
        detail: { bucket: { name: 'incoming' }, object: { key: 'in/d+%20.pdf', etag: 'e', sequencer: '1' } },
      }),
    ];
    const stage = open(ok);
    for (const name of ['été 2026', '100% a+b', 'c', 'd+%20'])
      await stage.put(`in/${name}.pdf`, `%PDF ${name}`);
    await stage.queue.send(bodies.map((body) => ({ body })));
    await stage.tick();
    await stage.tick();
    expect(stage.extractor.calls).toBe(4);
    expect(await stage.dead()).toEqual([]);
  });

  it('that is delivered in two messages becomes the same job', () => {
    const message = { messageId: 'm', sentAtMs: 1 } as Parameters<typeof decodeS3Event>[1];
    const body: unknown = JSON.parse(direct('incoming', 'in/a.pdf'));
    const first = decodeS3Event(body, message);
    expect(decodeS3Event(body, { ...message, messageId: 'n' })?.id).toBe(first?.id);
    expect(decodeS3Event(JSON.parse(direct('incoming', 'in/b.pdf')), message)?.id).not.toBe(first?.id);
  });

  it.each([
    [
      'of another bucket',
      direct('elsewhere', 'in/a.pdf'),
      {},
      /of bucket "elsewhere", only events of "incoming"/,
    ],
    [
      'outside the part of the bucket that is served',
      direct('incoming', 'other/a.pdf'),
      { prefix: 'documents' },
      /below "documents\/"/,
    ],
  ])('%s is buried', async (_name, body, options, reason) => {
    const stage = open(ok, options);
    await stage.queue.send([{ body }]);
    await stage.tick();
    expect(await stage.dead()).toEqual([['foreign_bucket', expect.stringMatching(reason)]]);
    expect(stage.extractor.calls).toBe(0);
  });

  it('names objects as the store does that serves a part of the bucket', async () => {
    const stage = open(ok, { prefix: 'documents' });
    await stage.put('in/a.pdf', '%PDF');
    await stage.queue.send([{ body: direct('incoming', 'documents/in/a.pdf') }]);
    await stage.tick();
    await stage.tick();
    expect(stage.extractor.calls).toBe(1);
  });

  it.each([
    ['that S3 sends as a test', { Service: 'Amazon S3', Event: 's3:TestEvent', Bucket: 'incoming' }],
    [
      'of a removal',
      {
        Records: [
          { eventName: 'ObjectRemoved:Delete', s3: { bucket: { name: 'incoming' }, object: { key: 'a' } } },
        ],
      },
    ],
    ['of our own output', JSON.parse(direct('incoming', 'extractions/1/a.json', 'rejections/1/b.json'))],
    ['of a folder', JSON.parse(direct('incoming', 'in/'))],
  ])('%s is done with at once', async (_name, body: unknown) => {
    const stage = open(ok);
    await stage.queue.send([{ body: JSON.stringify(body) }]);
    await stage.tick();
    expect(await stage.queue.counts()).toEqual({ backlog: 0, inFlight: 0, delayed: 0 });
    expect(await stage.dead()).toEqual([]);
  });

  it('that is none is left to others', () => {
    const message = { messageId: 'm', sentAtMs: 1 } as Parameters<typeof decodeS3Event>[1];
    const malformed = [
      null,
      1,
      'x',
      [],
      {},
      { Records: [{}] },
      { Type: 'Notification', Message: '{' },
      { source: 'aws.ec2', detail: {} },
    ];
    for (const json of malformed) expect(decodeS3Event(json, message)).toBeUndefined();
  });
});
