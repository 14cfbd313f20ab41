import { describe, expect, it } from 'vitest';
import { jsonLines } from './json-lines.ts';

async function* chunks(...texts: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield typeof text === 'string' ? Buffer.from(text) : text;
}

async function all(input: AsyncIterable<Uint8Array>): Promise<unknown[]> {
  return Array.fromAsync(jsonLines(input));
}

describe('JSON lines', () => {
  it('are values with their line numbers, whatever the chunks and line ends are', async () => {
    const expected = [
      { line: 1, value: { a: 'é' } },
      { line: 3, value: 2 },
      { line: 4, value: null },
    ];
    const text = '{"a":"é"}\r\n \t\n2\nnull';
    expect(await all(chunks(text))).toEqual(expected);
    expect(await all(chunks(`${text}\n`))).toEqual(expected);
    const bytes = Buffer.from(text);
    expect(await all(chunks(...Array.from(bytes, (byte) => Uint8Array.of(byte))))).toEqual(expected);
    expect(await all(chunks(''))).toEqual([]);
  });

  it.each([
    ['{"a":1}\n{"a":\n', 'Line 2 is not JSON'],
    ['{"__proto__":1}', 'Line 1 is not JSON: The key "__proto__" is not allowed'],
  ])('%j is refused: %s', async (text, message) => {
    await expect(all(chunks(text))).rejects.toThrow(message);
  });

  it('must be UTF-8', async () => {
    await expect(all(chunks(Uint8Array.of(0x22, 0xff, 0x22)))).rejects.toMatchObject({
      code: 'invalid_payload',
      details: { fault: 'bad_utf8' },
    });
  });

  it('are limited in length, so that a stream without line ends cannot fill the memory', async () => {
    let given = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        given += 1;
        yield Buffer.alloc(8_388_608, 0x20);
      }
    }
    await expect(all(endless())).rejects.toThrow('longer than');
    expect(given).toBeLessThan(12);
  });

  it('are read no faster than they are taken', async () => {
    let given = 0;
    async function* counted(): AsyncGenerator<Uint8Array> {
      for (;;) {
        given += 1;
        yield Buffer.from(`${given}\n`);
      }
    }
    for await (const { line } of jsonLines(counted())) if (line === 3) break;
    expect(given).toBe(3);
  });
});
