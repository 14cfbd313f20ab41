import { describe, expect, it } from 'vitest';
import { leaving, type Candidate } from './leaving.ts';

const task = (id: string, change: Partial<Candidate>): Candidate & { readonly id: string } => ({
  id,
  state: 'running',
  busy: 0,
  startedAtMs: 0,
  isAnswering: true,
  ...change,
});

describe('leaving', () => {
  it('takes starting tasks, then idle ones, then the least busy, and silent ones last', () => {
    const tasks = [
      task('silent', { isAnswering: false }),
      task('busy-2', { busy: 2 }),
      task('idle-old', { startedAtMs: 1 }),
      task('busy-1', { busy: 1 }),
      task('starting', { state: 'starting' }),
      task('idle-young', { startedAtMs: 2 }),
    ];
    const order = ['starting', 'idle-young', 'idle-old', 'busy-1', 'busy-2', 'silent'];
    for (let count = 0; count <= order.length; count += 1) {
      expect(leaving(tasks, count).map(({ id }) => id)).toEqual(order.slice(0, count));
    }
  });

  it('takes none when there are too few already', () => {
    expect(leaving([task('only', {})], -2)).toEqual([]);
  });
});
