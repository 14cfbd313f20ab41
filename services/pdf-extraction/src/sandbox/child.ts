/**
 * The sandboxed process: reads documents from stdin, one at a time, and writes what the engine finds to stdout. It has no
 * environment, may read its engine's files and nothing else, and ends when its parent does (stdin closes).
 *
 * In: a frame of JSON (`{ password? }`), then a frame with the bytes. Out: frames of JSON, the last of which is `done`
 * or `failed`.
 */
import { writeSync } from 'node:fs';
import { EngineError, type PdfEngine } from '../engine.ts';
import { framePrefix, frameReader } from './frames.ts';

const [engineName = 'pdfium'] = process.argv.slice(2);

async function load(): Promise<PdfEngine> {
  if (engineName === 'pdf-parse') return (await import('../pdf-parse/index.ts')).pdfParseEngine();
  return (await import('../pdfium/index.ts')).pdfiumEngine();
}

const STDOUT = 1;

/** Synchronous, so that a page leaves before the engine goes on: what was found survives a kill. */
function send(message: object): void {
  const bytes = Buffer.from(JSON.stringify(message));
  writeAll(framePrefix(bytes.length));
  writeAll(bytes);
}

function writeAll(bytes: Buffer): void {
  let written = 0;
  while (written < bytes.length) {
    try {
      written += writeSync(STDOUT, bytes, written);
    } catch (error) {
      // A pipe that is full for the moment.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
}

const engine = await load();
let password: string | undefined;
let hasHeader = false;

async function extract(bytes: Uint8Array): Promise<void> {
  try {
    await engine.extract(
      bytes,
      { head: (head) => send({ type: 'head', ...head }), page: (page) => send({ type: 'page', ...page }) },
      password === undefined ? {} : { password },
    );
    send({ type: 'done' });
  } catch (error) {
    // After a trap WebAssembly's memory is in any state: end, and let the parent see a crash.
    if (error instanceof Error && /^(?:RuntimeError|RangeError)$/.test(error.name)) throw error;
    const code = error instanceof EngineError ? error.code : 'corrupt';
    send({ type: 'failed', code, message: error instanceof Error ? error.message : String(error) });
  }
}

const read = frameReader((frame) => {
  if (!hasHeader) {
    hasHeader = true;
    ({ password } = JSON.parse(frame.toString()) as { password?: string });
    return;
  }
  hasHeader = false;
  void extract(frame);
});
process.stdin.on('data', read);
process.stdin.on('end', () => process.exit(0));
send({ type: 'ready' });
