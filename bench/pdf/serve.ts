/** The inside of a measured process: takes tasks from its parent, answers each with a report. */
import type { Read, Report, Task } from './subject.ts';

/** Reads one file. What it throws is the file's failure. */
export type ReadFile = (file: string, keepText: boolean) => Promise<Omit<Read, 'file' | 'ms'>>;

/** Answers the parent's tasks until it lets go. Call when ready to measure. */
export function serve(read: ReadFile): void {
  process.on('message', ({ id, task }: { readonly id: number; readonly task: Task }) => {
    void runTask(task, read).then((report) => process.send?.({ id, report }));
  });
  process.on('disconnect', () => process.exit(0));
  process.send?.({ id: 0 });
}

/** Runs a task here. */
export async function runTask({ files, lanes = 1, keepText = false }: Task, read: ReadFile): Promise<Report> {
  const reads: Read[] = [];
  const left = files.values();
  const startMs = performance.now();
  const lane = async (): Promise<void> => {
    for (const file of left) {
      const fileMs = performance.now();
      const result = await read(file, keepText).catch((error: unknown) => ({
        failure: error instanceof Error ? error.message : String(error),
        pagesExpected: 0,
        pages: 0,
      }));
      reads.push({ file, ms: performance.now() - fileMs, ...result });
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return { ms: performance.now() - startMs, reads };
}
