import { expect, it } from 'vitest';
import { bitmap } from './bitmap.ts';

it('is a bitmap of 256 greys whose rows stand from the bottom on four bytes', () => {
  const file = bitmap({ width: 3, height: 2, pixels: Uint8Array.of(1, 2, 3, 4, 5, 6) });
  expect(file.toString('latin1', 0, 2)).toBe('BM');
  expect(file.readUInt32LE(2)).toBe(file.length);
  const start = file.readUInt32LE(10);
  expect([file.readInt32LE(18), file.readInt32LE(22), file.readUInt16LE(28)]).toEqual([3, 2, 8]);
  const greys = file.subarray(14 + file.readUInt32LE(14), start);
  expect([...greys.subarray(0, 8), ...greys.subarray(-4)]).toEqual([
    0, 0, 0, 0, 1, 1, 1, 0, 255, 255, 255, 0,
  ]);
  expect([...file.subarray(start)]).toEqual([4, 5, 6, 0, 1, 2, 3, 0]);
});
