import { describe, expect, it } from 'vitest';
import { inbox } from './inbox.ts';

type Entry = { readonly id: string; readonly message: { readonly group?: string } };

function message(id: string, group?: string): Entry {
  return { id, message: group === undefined ? {} : { group } };
}

describe('inbox', () => {
  it('hands messages out as they came when the queue has no groups', () => {
    const waiting = inbox<Entry>(false);
    waiting.push([message('a', 'g'), message('b', 'g')]);
    expect([waiting.next(), waiting.next(), waiting.next()].map((next) => next?.id)).toEqual([
      'a',
      'b',
      undefined,
    ]);
  });

  it('hands out one message of a group at a time and lets other groups pass', () => {
    const waiting = inbox<Entry>(true);
    waiting.push([message('a1', 'a'), message('a2', 'a'), message('b1', 'b')]);
    const first = waiting.next();
    expect(first?.id).toBe('a1');
    expect(waiting.next()?.id).toBe('b1');
    expect(waiting.next()).toBeUndefined();
    if (first !== undefined) waiting.finished(first);
    expect(waiting.next()?.id).toBe('a2');
  });

  it('gives up the tail of a group in order', () => {
    const waiting = inbox<Entry>(true);
    waiting.push([message('a1', 'a'), message('b1', 'b'), message('a2', 'a'), message('a3', 'a')]);
    const first = waiting.next();
    expect(first && waiting.takeGroupOf(first).map((tail) => tail.id)).toEqual(['a2', 'a3']);
    expect(waiting.size).toBe(1);
  });
});
