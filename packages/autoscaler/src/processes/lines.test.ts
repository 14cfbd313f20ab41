import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readLines } from './lines.ts';

async function linesOf(chunks: readonly Uint8Array[]): Promise<string[]> {
  const stream = new PassThrough();
  const lines: string[] = [];
  readLines(stream, (line) => lines.push(line));
  const ended = new Promise((resolve) => {
    stream.on('end', resolve);
  });
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  await ended;
  return lines;
}

describe('readLines', () => {
  it('joins characters and lines that are split between chunks, wherever', async () => {
    const text = Buffer.from('é one\r\n\nzwei €\nrest');
    for (let at = 0; at <= text.length; at += 1) {
      expect(await linesOf([text.subarray(0, at), text.subarray(at)])).toEqual([
        'é one',
        '',
        'zwei €',
        'rest',
      ]);
    }
  });

  it('cuts output without line ends into pieces', async () => {
    const lines = await linesOf([Buffer.alloc(150_000, 'x')]);
    expect(lines.map((line) => line.length)).toEqual([65_536, 65_536, 18_928]);
  });
});
