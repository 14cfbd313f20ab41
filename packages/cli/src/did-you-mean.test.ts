import { describe, expect, it } from 'vitest';
import { closest, didYouMean } from './did-you-mean.ts';

const COMMANDS = ['demo', 'enqueue', 'search', 'status', 'dlq', 'worker', 'completion'];

describe('did you mean', () => {
  it.each([
    ['enq', 'enqueue'],
    ['enqeue', 'enqueue'],
    ['serach', 'search'],
    ['STATUS', 'status'],
    ['dql', 'dlq'],
    ['workers', 'worker'],
    ['zzz', undefined],
    ['x', undefined],
    ['', undefined],
  ])('takes %s for %s', (word, expected) => {
    expect(closest(word, COMMANDS)).toBe(expected);
  });

  it('says it as half a sentence', () => {
    expect(didYouMean('limt', ['limit'], '--')).toBe(', did you mean "--limit"?');
    expect(didYouMean('nothing', ['limit'])).toBe('');
  });
});
