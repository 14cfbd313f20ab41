import { describe, expect, it } from 'vitest';
import { manualClock, settled } from './fixtures/manual-clock.ts';
import { pollers } from './pollers.ts';

interface Poll {
  readonly max: number;
  answer(count: number): void;
  fail(error: Error): void;
}

function open(room: { wanted: number }) {
  const clock = manualClock();
  const polls: Poll[] = [];
  const errors: number[] = [];
  const subject = pollers({
    receive: (max, signal) =>
      new Promise((resolve, reject) => {
        const poll = { max, answer: resolve, fail: reject };
        polls.push(poll);
        signal.addEventListener('abort', () => resolve(0));
      }),
    wanted: (requested) => Math.min(10, room.wanted - requested),
    answerGraceMs: 1_000,
    clock,
    random: () => 1,
    onError: (_error, delayMs) => errors.push(delayMs),
  });
  const stop = async (): Promise<void> => {
    const stopped = subject.stop(5_000);
    await clock.advance(1_000);
    await stopped;
  };
  return { clock, polls, errors, subject, room, stop };
}

const answerAll = async (polls: Poll[], from: number, count: number): Promise<void> => {
  for (const poll of polls.slice(from)) poll.answer(count);
  await settled();
};

describe('pollers', () => {
  it('keep one poll open on an idle queue, more under load, and one again when it runs dry', async () => {
    const { polls, subject, stop } = open({ wanted: 1_000 });
    subject.start();
    expect(polls).toHaveLength(1);
    await answerAll(polls, 0, 10);
    expect(polls).toHaveLength(3);
    await answerAll(polls, 1, 10);
    const busy = polls.length - 3;
    expect(busy).toBe(4);
    await answerAll(polls, 3, 0);
    expect(polls.length - 7).toBe(1);
    await stop();
  });

  it('ask for no more than is wanted, counting what was asked for already', async () => {
    const { polls, subject, room, stop } = open({ wanted: 12 });
    subject.start();
    polls[0]?.answer(10);
    room.wanted = 4;
    await settled();
    expect(polls.map(({ max }) => max)).toEqual([10, 4]);
    room.wanted = 0;
    polls[1]?.answer(4);
    await settled();
    expect(polls).toHaveLength(2);
    room.wanted = 3;
    subject.wake();
    expect(polls.map(({ max }) => max)).toEqual([10, 4, 3]);
    await stop();
  });

  it('back off while the queue is out of reach, longer each time, and go on when it is back', async () => {
    const { polls, errors, subject, clock, stop } = open({ wanted: 10 });
    subject.start();
    for (let time = 0; time < 3; time += 1) {
      polls.at(-1)?.fail(new Error('down'));
      await settled();
      await clock.advance(errors.at(-1) ?? 0);
    }
    expect(errors).toEqual([500, 1_000, 2_000]);
    polls.at(-1)?.answer(10);
    await settled();
    polls.at(-1)?.fail(new Error('down again'));
    await settled();
    expect(errors.at(-1)).toBe(500);
    await stop();
  });

  it('let a poll answer for a moment at a stop, then give it up', async () => {
    const { polls, subject, clock } = open({ wanted: 10 });
    subject.start();
    let stopped = false;
    const stopping = subject.stop(5_000).then(() => {
      stopped = true;
    });
    await clock.advance(999);
    expect(stopped).toBe(false);
    await clock.advance(1);
    await stopping;
    expect(polls).toHaveLength(1);
  });

  it('go on after a stop, even one that is still waiting for an answer', async () => {
    const { polls, subject, clock, stop } = open({ wanted: 1_000 });
    subject.start();
    const stopping = subject.stop(5_000);
    subject.start();
    subject.start();
    expect(polls).toHaveLength(1);
    await clock.advance(1_000);
    await stopping;
    await settled();
    expect(polls).toHaveLength(2);
    await clock.advance(60_000);
    // The second one is no part of the stop that gave the first one up.
    polls[1]?.answer(10);
    await settled();
    expect(polls.length).toBeGreaterThan(2);
    await stop();
  });
});
