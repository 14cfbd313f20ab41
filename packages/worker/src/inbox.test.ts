import type { Message } from '@longshore/queue';
import { describe, expect, it } from 'vitest';
import { inbox } from './inbox.ts';

function message(id: string, group?: string): Message {
  const lease = { messageId: id, handle: id, receivedAtMs: 0 };
  const base = {
    messageId: id,
    body: '',
    lease,
    leaseUntilMs: 0,
    receiveCount: 1,
    sentAtMs: 0,
    attributes: {},
  };
  return group === undefined ? base : { ...base, group };
}

describe('inbox', () => {
  it('hands messages out as they came when the queue has no groups', () => {
    const waiting = inbox(false);
    waiting.push([message('a', 'g'), message('b', 'g')]);
    expect([waiting.next(), waiting.next(), waiting.next()].map((next) => next?.messageId)).toEqual([
      'a',
      'b',
      undefined,
    ]);
  });

  it('hands out one message of a group at a time and lets other groups pass', () => {
    const waiting = inbox(true);
    waiting.push([message('a1', 'a'), message('a2', 'a'), message('b1', 'b')]);
    const first = waiting.next();
    expect(first?.messageId).toBe('a1');
    expect(waiting.next()?.messageId).toBe('b1');
    expect(waiting.next()).toBeUndefined();
    if (first !== undefined) waiting.finished(first);
    expect(waiting.next()?.messageId).toBe('a2');
  });

  it('gives up the tail of a group in order', () => {
    const waiting = inbox(true);
    waiting.push([message('a1', 'a'), message('b1', 'b'), message('a2', 'a'), message('a3', 'a')]);
    const first = waiting.next();
    expect(first && waiting.takeGroupOf(first).map((tail) => tail.messageId)).toEqual(['a2', 'a3']);
    expect(waiting.size).toBe(1);
  });
});
