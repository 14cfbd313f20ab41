import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { memoryObjectStore } from '@longshore/objects/memory';
import { readJson, readText } from '@longshore/objects';
import { createProducer, listDeadLetters } from '@longshore/queue';
import { memoryQueue } from '@longshore/queue/memory';
import { createWorker, jsonLog } from '@longshore/worker';
import { afterAll, expect, it } from 'vitest';
import {
  artefactKey,
  createExtractor,
  extractPdf,
  extractionHandlers,
  rejectionKey,
  sha256,
  type ExtractPdf,
} from './index.ts';

// Of `test/samples/make-samples.ts`.
const PASSWORD = 'longshore';
const WRONG = 'not-the-password';
const PDF = readFileSync(join(import.meta.dirname, '../../../examples/documents/encrypted-contract.pdf'));
const ID = sha256(PDF);

const extractor = createExtractor({ children: 1, fallback: 'none' });
afterAll(() => extractor.close());

async function open() {
  const objects = memoryObjectStore();
  await objects.put('in/contract.pdf', PDF);
  await objects.put('passwords/right', PASSWORD);
  await objects.put('passwords/wrong', WRONG);
  const deadLetters = memoryQueue({ name: 'pdf-dlq' });
  const queue = memoryQueue({ name: 'pdf', deadLetters });
  const indexing = memoryQueue({ name: 'indexing' });
  const producer = createProducer({ queueFor: (name) => (name === 'index-document' ? indexing : queue) });
  const lines: string[] = [];
  const worker = createWorker({
    queue,
    objects,
    producer,
    handlers: extractionHandlers({ extractor }),
    log: jsonLog({ level: 'debug', write: (line) => lines.push(line) }),
  });
  return {
    objects,
    deadLetters,
    lines,
    async run(job: Omit<ExtractPdf, 'key'>) {
      await producer.enqueue(extractPdf, { key: 'in/contract.pdf', ...job });
      await worker.tick();
    },
  };
}

it('opens an encrypted document by the password that its job refers to, also after it was refused', async () => {
  const stage = await open();
  await stage.run({});
  await stage.run({ passwordKey: 'passwords/wrong' });
  expect(await readJson(stage.objects, rejectionKey(ID))).toMatchObject({ code: 'encrypted' });
  await stage.run({ passwordKey: 'passwords/right' });
  expect(JSON.stringify(await readJson(stage.objects, artefactKey(ID)))).toContain('who know the password');
  expect(await stage.objects.head(rejectionKey(ID))).toBeUndefined();
});

it('writes a password into no log, dead letter, artefact or rejection', async () => {
  const stage = await open();
  await stage.run({ passwordKey: 'passwords/wrong' });
  const dead = JSON.stringify(await listDeadLetters(stage.deadLetters, { limit: 10 }));
  expect(dead).toContain('The password is wrong');
  const rejection = (await readText(stage.objects, rejectionKey(ID))) ?? '';
  expect(rejection).toContain('encrypted');
  await stage.run({ passwordKey: 'passwords/right' });
  const artefact = (await readText(stage.objects, artefactKey(ID))) ?? '';
  expect(stage.lines.join('')).toContain('Extracted');
  for (const written of [dead, rejection, artefact, stage.lines.join('')]) {
    expect(written).not.toContain(WRONG);
    expect(written).not.toContain(`"${PASSWORD}"`);
  }
});

it('waits for a password that is not there yet', async () => {
  const stage = await open();
  await stage.run({ passwordKey: 'passwords/late' });
  expect(await listDeadLetters(stage.deadLetters, { limit: 10 })).toEqual([]);
  expect(await stage.objects.head(rejectionKey(ID))).toBeUndefined();
});
