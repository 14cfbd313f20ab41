import { describe, expect, it } from 'vitest';
import { deterministicId, newJobId } from './id.ts';

describe('job ids', () => {
  it('are UUIDs of version 7 that sort by time', () => {
    const ids = [1_000, 2_000, 1_764_000_000_000].map((nowMs) => newJobId(nowMs));
    for (const id of ids)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect([...ids].sort()).toEqual(ids);
  });

  it('are unlike for the same millisecond', () => {
    expect(new Set(Array.from({ length: 1_000 }, () => newJobId(5))).size).toBe(1_000);
  });

  it('are equal for equal parts, and only then', () => {
    expect(deterministicId('a', 'b')).toBe(deterministicId('a', 'b'));
    expect(deterministicId('a', 'b')).not.toBe(deterministicId('ab', ''));
    expect(deterministicId('a', 'b')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8/);
  });
});
