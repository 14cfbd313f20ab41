/** Poppler's pdftotext, one process per document. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { runTask } from './serve.ts';
import type { Subject } from './subject.ts';

const run = promisify(execFile);
const MAX_TEXT_BYTES = 1_073_741_824;

/** The program as a subject, or `undefined` where it is not installed. */
export async function pdftotext(): Promise<Subject | undefined> {
  const isInstalled = await run('pdftotext', ['-v']).then(
    () => true,
    () => false,
  );
  if (!isInstalled) return undefined;
  return {
    pid: process.pid,
    run: (task) =>
      runTask(task, async (file, keepText) => {
        const { stdout } = await run('pdftotext', ['-enc', 'UTF-8', file, '-'], {
          maxBuffer: MAX_TEXT_BYTES,
        });
        const pages = stdout.split('\f').length - 1;
        return { pagesExpected: pages, pages, ...(keepText ? { text: stdout } : {}) };
      }),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
