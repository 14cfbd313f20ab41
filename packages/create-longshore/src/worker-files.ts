/**
 * The files of one worker: its job with the handler, a test, the list of what the service has, and its program. They are
 * starting points that work: the handler counts words until it is given something better to do.
 */
import type { NewWorker } from './fleet-entry.ts';
import { camelCase } from './scaffold-name.ts';

/** Texts by their paths, relative to the fleet's folder, `/` between the parts. */
export type FileTexts = Readonly<Record<string, string>>;

/** What {@link workerFiles} needs to know. */
export interface WorkerFilesOptions extends NewWorker {
  /** The fleet file as the program imports it. Default `fleet.ts`. */
  readonly fleetFile?: string;
}

/** The files. */
export function workerFiles({ worker, job, fleetFile = 'fleet.ts' }: WorkerFilesOptions): FileTexts {
  const folder = `services/${worker}/src`;
  return {
    [`${folder}/${job}.ts`]: jobText(worker, job),
    [`${folder}/${job}.test.ts`]: testText(worker, job),
    [`${folder}/index.ts`]: `export { ${definitionName(job)}, ${handlersName(worker)} } ${from(`./${job}.ts`)}\n`,
    [`${folder}/main.ts`]: mainText(worker, fleetFile),
  };
}

// With a second word, no name of a job is a word of the language.
const definitionName = (job: string): string => `${camelCase(job)}Job`;
const handlersName = (worker: string): string => `${camelCase(worker)}Handlers`;

/** The end of an import of a file in the new project; written out, it would look like an import of this module. */
const from = (path: string): string => `from '${path}';`;

function jobText(worker: string, job: string): string {
  return `/** The job \`${job}\`: counts the words of a text. Put your own work into \`work\`. */
import { defineJob } from '@longshore/job';
import { writeJson } from '@longshore/objects';
import { handle, type HandlerBinding } from '@longshore/worker';
import { z } from 'zod';

/** The payload is parsed when the job is enqueued, and again before it is handled. */
const payload = z.object({
  id: z.string().regex(/^[\\w-]{1,64}$/),
  text: z.string(),
});

export const ${definitionName(job)} = defineJob({
  name: '${job}',
  schema: payload,
  retry: { maxAttempts: 5 },
  timeoutMs: 60_000,
});

/** What the worker of this service can do. */
export const ${handlersName(worker)}: readonly HandlerBinding[] = [
  handle(${definitionName(job)}, async ({ payload: { id, text }, objects, signal, log }) => {
    const result = { id, words: await work(text, signal) };
    // A queue may deliver a job twice. Both times the same object is written, so that does no harm.
    await writeJson(objects, \`${worker}/\${id}.json\`, result, { signal });
    log.info(result, 'Counted');
  }),
];

/** Slow work passes the signal on, or looks at it: it aborts at a timeout, a lost lease and a shutdown. */
async function work(text: string, signal: AbortSignal): Promise<number> {
  signal.throwIfAborted();
  return text.split(/\\s+/).filter((word) => word !== '').length;
}
`;
}

function testText(worker: string, job: string): string {
  const definition = definitionName(job);
  return `import { readJson } from '@longshore/objects';
import { memoryObjectStore } from '@longshore/objects/memory';
import { createProducer } from '@longshore/queue';
import { memoryQueue } from '@longshore/queue/memory';
import { createWorker } from '@longshore/worker';
import { expect, it } from 'vitest';
import { ${definition}, ${handlersName(worker)} } ${from('./index.ts')}

it('counts the words of a text', async () => {
  const queue = memoryQueue({ name: '${worker}' });
  const objects = memoryObjectStore();
  await createProducer({ queueFor: () => queue }).enqueue(${definition}, { id: 'a', text: 'two  words' });
  const worker = createWorker({ queue, objects, slots: 1, handlers: ${handlersName(worker)} });
  // Receives once and runs what came, to its end.
  await worker.tick();
  expect(await readJson(objects, '${worker}/a.json')).toEqual({ id: 'a', words: 2 });
  expect(await queue.counts()).toMatchObject({ backlog: 0, inFlight: 0 });
});

it('is not enqueued without a sound payload', async () => {
  const producer = createProducer({ queueFor: () => memoryQueue({ name: '${worker}' }) });
  await expect(producer.enqueue(${definition}, { id: 'no spaces', text: '' })).rejects.toThrow('id');
});
`;
}

function mainText(worker: string, fleetFile: string): string {
  return `/** Runs one worker of the service \`${worker}\`. */
import { launch } from '@longshore/launch';
import fleet ${from(`../../../${fleetFile}`)}
import { ${handlersName(worker)} } ${from('./index.ts')}

await launch({ fleet, service: '${worker}', setUp: () => ({ handlers: ${handlersName(worker)} }) });
`;
}
