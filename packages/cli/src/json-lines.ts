/**
 * JSON Lines from a stream of bytes: one value a line, read no faster than they are taken, memory bounded by the longest
 * line. Blank lines are passed over.
 */
import { LongshoreError, parseJson } from '@longshore/job';

/** One line. */
export interface JsonLine {
  /** From 1. */
  readonly line: number;
  readonly value: unknown;
}

/** A longer line is no job's payload but a file of another kind; without a limit it would fill the memory. */
const MAX_LINE_BYTES = 67_108_864;
const NEWLINE = 0x0a;

/** Reads the lines. @throws LongshoreError `invalid_payload` at the first line that is not JSON, with its number. */
export async function* jsonLines(
  input: AsyncIterable<Uint8Array>,
): AsyncGenerator<JsonLine, void, undefined> {
  let line = 0;
  for await (const bytes of lines(input)) {
    line += 1;
    if (isBlank(bytes)) continue;
    const json = parseJson(bytes);
    if (!json.ok) {
      throw new LongshoreError('invalid_payload', `Line ${line} is not JSON: ${json.fault.reason}`, {
        details: { line, fault: json.fault.code },
      });
    }
    yield { line, value: json.value };
  }
}

async function* lines(input: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  let pieces: Uint8Array[] = [];
  let pieceBytes = 0;
  for await (const chunk of input) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      yield Buffer.concat([...pieces, chunk.subarray(start, end)]);
      pieces = [];
      pieceBytes = 0;
      start = end + 1;
    }
    pieces.push(chunk.subarray(start));
    pieceBytes += chunk.length - start;
    if (pieceBytes > MAX_LINE_BYTES) {
      throw new LongshoreError(
        'invalid_payload',
        `A line is longer than ${MAX_LINE_BYTES} bytes: write one JSON value a line`,
      );
    }
  }
  if (pieceBytes > 0) yield Buffer.concat(pieces);
}

function isBlank(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}
