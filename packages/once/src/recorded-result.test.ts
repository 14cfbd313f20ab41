import { isLongshoreError } from '@longshore/job';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeResult, encodeResult, MAX_RESULT_BYTES } from './recorded-result.ts';

const replayed = (value: unknown): unknown => decodeResult('key', encodeResult(value));

function isRefused(value: unknown): boolean {
  try {
    replayed(value);
    return false;
  } catch (error) {
    if (isLongshoreError(error, 'once_result_refused')) return true;
    throw error;
  }
}

describe('a recorded result', () => {
  it('is what was returned, for every JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        // `-0` is the one JSON value that does not come back.
        const expected: unknown = JSON.parse(JSON.stringify(value));
        expect(replayed(value)).toEqual(expected);
      }),
    );
  });

  it('is JSON again or refused, for every value', () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true }),
        (value) => {
          const isSame = (): boolean => JSON.stringify(replayed(value)) === JSON.stringify(value);
          expect(isRefused(value) || isSame()).toBe(true);
        },
      ),
    );
  });

  it('may be undefined, and have properties that are', () => {
    expect(replayed(undefined)).toBeUndefined();
    expect(replayed({ a: 1, b: undefined })).toEqual({ a: 1 });
  });

  it('may contain a value twice, but not within itself', () => {
    const shared = { a: 1 };
    expect(replayed([shared, shared])).toEqual([shared, shared]);
    const circle: unknown[] = [];
    circle.push({ circle });
    expect(() => replayed(circle)).toThrow(/The result\[0\]\.circle contains itself/);
  });

  it.each([
    [{ at: new Date(0) }, 'The result.at is of class Date, not a plain object'],
    [[1, Number.NaN], 'The result[1] is NaN, which JSON does not have'],
    [[undefined], 'The result[0] is undefined, which JSON does not have in arrays'],
    // oxlint-disable-next-line no-sparse-arrays -- the hole is the case
    [[1, , 2], 'The result[1] is undefined, which JSON does not have in arrays'],
    [{ count: 1n }, 'The result.count is a bigint, which JSON does not have'],
    [() => 1, 'The result is a function, which JSON does not have'],
    [{ toJSON: () => 1 }, 'The result has a method toJSON'],
    [Object.create({}), 'The result is of class Object, not a plain object'],
    [Object.create(Object.create(null) as object), 'The result is of class unknown, not a plain object'],
    [new Uint8Array(1), 'The result is of class Uint8Array, not a plain object'],
  ])('refuses %o, and says where the fault is', (value, message) => {
    expect(() => replayed(value)).toThrow(message);
  });

  it('that throws when it is read is refused', () => {
    const result = {
      get total(): number {
        throw new Error('No total yet');
      },
    };
    expect(() => replayed(result)).toThrow(/cannot be read: No total yet/);
  });

  it('is at most 256 KiB of JSON', () => {
    const overhead = encodeResult('').length;
    const longest = 'x'.repeat(MAX_RESULT_BYTES - overhead);
    expect(replayed(longest)).toBe(longest);
    expect(() => replayed(`${longest}x`)).toThrow(/has 262145 bytes of JSON, the limit is 262144/);
  });

  it('is nested at most 200 levels deep', () => {
    const nested = (levels: number): unknown => {
      let value: unknown = 1;
      for (let level = 0; level < levels; level += 1) value = [value];
      return value;
    };
    expect(replayed(nested(200))).toEqual(nested(200));
    expect(() => replayed(nested(201))).toThrow(/nested more than 200 levels/);
    expect(() => replayed(nested(100_000))).toThrow(/nested more than 200 levels/);
  });
});
