/**
 * The sandboxed process: loads one engine, reads documents from stdin one after the other, sends pages to stdout as they
 * come.
 *
 * It has no environment, may read its engine's files and nothing else, and ends when its worker does (stdin closes).
 * Arguments: URL of the engine's module, and what that is to be given.
 */
import { Console } from 'node:console';
import { Writable } from 'node:stream';
import {
  EngineError,
  type DrawOptions,
  type EngineModule,
  type OpenedPdf,
  type PdfEngine,
} from '../engine.ts';
import { FrameReader, encodeFrame } from './frames.ts';
import { KIND, type DocumentMessage } from './messages.ts';
import { pagesWithin } from '../page-ranges.ts';
import { preparePage } from './prepare-page.ts';

/** Far above any cap of the worker's, which reads no larger objects. */
const MAX_DOCUMENT_BYTES = 2_147_483_647;
/** A hostile document can make an engine warn without end. */
const MAX_WARNINGS_BYTES = 65_536;
/** What a pipe takes at once. */
const BATCH_BYTES = 65_536;
/** Less than the worker's own look at a document's time. */
const BATCH_MS = 20;

// stdout is the pipe to the worker: what engines print must not reach it.
let warningsBytes = 0;
const stderr = new Writable({
  write(chunk: Buffer, _encoding, done) {
    warningsBytes += chunk.length;
    if (warningsBytes <= MAX_WARNINGS_BYTES) process.stderr.write(chunk);
    done();
  },
});
globalThis.console = new Console(stderr, stderr);

/** Messages on their way to the worker: gathered, because each write wakes it up, but never held back for long. */
const outbox: Buffer[] = [];
let outboxBytes = 0;
let flushedAtMs = performance.now();

function put(kind: number, json: object, body: string | Uint8Array = ''): void {
  const bytes =
    typeof body === 'string' ? Buffer.from(body) : Buffer.from(body.buffer, body.byteOffset, body.length);
  outbox.push(encodeFrame(kind, json, bytes.length), bytes);
  outboxBytes += bytes.length;
}

function flush(): Promise<void> {
  const batch = Buffer.concat(outbox.splice(0));
  outboxBytes = 0;
  flushedAtMs = performance.now();
  return new Promise((resolve) => {
    // The turn of the event loop lets the end of stdin be seen.
    process.stdout.write(batch, () => setImmediate(resolve));
  });
}

function isFlushDue(): boolean {
  return outboxBytes >= BATCH_BYTES || performance.now() - flushedAtMs >= BATCH_MS;
}

async function extract(
  engine: PdfEngine,
  bytes: Uint8Array<ArrayBuffer>,
  { password, image, ...wanted }: DocumentMessage,
): Promise<void> {
  flushedAtMs = performance.now();
  const pdf = await engine.open(bytes, {
    ...(password === undefined ? {} : { password }),
    // At once: a collector would leave them where they are until much more has come together.
    onCopied: () => void bytes.buffer.transfer(0),
  });
  put(KIND.head, pdf.head);
  // At once: should the first page never end, the worker can say how many there were.
  await flush();
  if (image === undefined) await sendPages(pdf, wanted);
  else await sendImage(pdf, image);
  await pdf.close();
}

async function sendImage(pdf: OpenedPdf, options: DrawOptions): Promise<void> {
  const image = await pdf.draw(options);
  if (image === undefined) return;
  const { pixels, ...rest } = image;
  put(KIND.image, rest, pixels);
}

async function sendPages(
  pdf: OpenedPdf,
  { pages, keepOriginal = false }: Pick<DocumentMessage, 'pages' | 'keepOriginal'>,
): Promise<void> {
  let isFirst = true;
  for await (const page of pdf.pages(
    pages === undefined ? undefined : pagesWithin(pages, pdf.head.pageCount),
  )) {
    const { text, ...rest } = preparePage(page, { keepOriginal });
    put(KIND.page, rest, text);
    // Somebody may wait for the first page.
    if (isFirst || isFlushDue()) await flush();
    isFirst = false;
  }
  put(KIND.outline, { outline: await pdf.outline() });
}

async function answer(
  engine: PdfEngine,
  bytes: Uint8Array<ArrayBuffer>,
  message: DocumentMessage,
): Promise<void> {
  try {
    await extract(engine, bytes, message);
    put(KIND.done, {});
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    // What an engine did not foresee may have left it in any state.
    put(KIND.failed, { code: error instanceof EngineError ? error.code : 'engine_crashed', reason });
  }
  await flush();
}

const [moduleUrl = '', argument = ''] = process.argv.slice(2);
const engine = await ((await import(moduleUrl)) as EngineModule).createEngine(argument);
/** A document may come while the one before it is read. */
let answered = Promise.resolve();
const reader = new FrameReader({
  maxBytes: MAX_DOCUMENT_BYTES,
  onFrame: ({ json, body }) => {
    answered = answered.then(() => answer(engine, body, JSON.parse(json.toString()) as DocumentMessage));
  },
});
process.stdin.on('data', (chunk: Buffer) => reader.push(chunk));
process.stdin.on('end', () => process.exit(0));
process.stdin.on('error', () => process.exit(0));
process.stdout.on('error', () => process.exit(0));
put(KIND.ready, { name: engine.name, version: engine.version });
await flush();
