/** Where the arrivals of a simulation come from: a CSV file, or one of the traces that the project makes itself. */
import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { LongshoreError } from '@longshore/job';
import { parseTrace, syntheticTraces, type Trace } from '@longshore/simulator';
import { didYouMean } from '../did-you-mean.ts';

/** A trace from a CSV file. @throws LongshoreError `invalid_options` when it cannot be read, with the line. */
export async function traceFile(path: string, cwd: string): Promise<Trace> {
  const file = resolve(cwd, path);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    const why =
      reason === 'ENOENT'
        ? 'no such file'
        : reason === 'EISDIR'
          ? 'it is a folder'
          : `it cannot be read: ${reason}`;
    throw new LongshoreError('invalid_options', `Cannot read trace "${path}": ${why} (check --trace)`, {
      cause: error,
      details: { path: file },
    });
  }
  return parseTrace(text, basename(file).replace(/\.csv$/i, ''));
}

/** A trace of the project by its name. @throws LongshoreError `invalid_options` with the names that there are. */
export function syntheticTrace(name: string): Trace {
  const traces = syntheticTraces();
  const trace = traces.find((each) => each.name === name);
  if (trace !== undefined) return trace;
  const known = traces.map((each) => each.name);
  const message = `There is no synthetic trace "${name}"${didYouMean(name, known) || `: known are ${known.join(', ')}`}`;
  throw new LongshoreError('invalid_options', message, { details: { known } });
}
