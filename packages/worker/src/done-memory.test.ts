import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { doneMemory } from './done-memory.ts';

describe('doneMemory', () => {
  it('knows the latest half of its capacity, holds no more than all of it, and invents nothing', () => {
    const id = fc.nat({ max: 60 }).map(String);
    fc.assert(
      fc.property(fc.array(id, { maxLength: 200 }), fc.integer({ min: 1, max: 20 }), (ids, half) => {
        const memory = doneMemory(2 * half);
        for (const each of ids) memory.add(each);
        const latest = new Set([...new Set(ids.toReversed())].slice(0, half));
        expect([...latest].every((each) => memory.has(each))).toBe(true);
        const known = [...new Set(ids)].filter((each) => memory.has(each));
        expect(known.length).toBeLessThanOrEqual(2 * half);
        expect(memory.has('never')).toBe(false);
      }),
    );
  });
});
