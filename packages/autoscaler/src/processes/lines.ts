/** A stream of text as lines, for the output of child processes. */
import { StringDecoder } from 'node:string_decoder';
import type { Readable } from 'node:stream';

/** A longer line is cut into pieces of this size, so that output without line ends cannot fill the memory. */
const MAX_LINE_CHARACTERS = 65_536;

/** Calls `onLine` with each line, without its end; what is left when the stream ends is a line too. */
export function readLines(stream: Readable, onLine: (line: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  const take = (text: string): void => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line.endsWith('\r') ? line.slice(0, -1) : line);
    for (; rest.length > MAX_LINE_CHARACTERS; rest = rest.slice(MAX_LINE_CHARACTERS))
      onLine(rest.slice(0, MAX_LINE_CHARACTERS));
  };
  stream.on('data', (chunk: Buffer) => take(decoder.write(chunk)));
  stream.on('end', () => {
    take(decoder.end());
    if (rest !== '') onLine(rest);
    rest = '';
  });
  // A broken pipe ends the lines; the exit of the process tells why.
  stream.on('error', () => {});
}
