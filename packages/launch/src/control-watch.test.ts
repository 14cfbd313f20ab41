import { controlKey, type ControlDocument } from '@longshore/fleet';
import { LongshoreError } from '@longshore/job';
import { writeJson, type ObjectStore } from '@longshore/objects';
import { memoryObjectStore } from '@longshore/objects/memory';
import { describe, expect, it } from 'vitest';
import { manualClock } from './fixtures/manual-clock.ts';
import { controlWatch } from './control-watch.ts';

const MINUTE_MS = 60_000;

function open() {
  const clock = manualClock();
  const stored = memoryObjectStore();
  const told: string[] = [];
  const logged: string[] = [];
  const trouble: { get: Error | 'hangs' | undefined } = { get: undefined };
  const objects: ObjectStore = {
    ...stored,
    get: (key, options) => {
      if (trouble.get === undefined) return stored.get(key, options);
      if (trouble.get !== 'hangs') return Promise.reject(trouble.get);
      return new Promise((_resolve, reject) => {
        options?.signal?.addEventListener('abort', () => reject(new Error(String(options.signal?.reason))));
      });
    },
  };
  const subject = controlWatch({
    objects,
    service: 'mail',
    workerId: 'me',
    worker: { pause: () => void told.push('pause'), resume: () => void told.push('resume') },
    clock,
    random: () => 0,
    log: { info: () => undefined, warn: (_fields, message) => void logged.push(message) },
  });
  const write = async (change: Partial<ControlDocument>): Promise<void> => {
    const document = {
      version: 1,
      service: 'mail',
      term: 5,
      drain: [],
      isPaused: false,
      atMs: clock.nowMs(),
    };
    await writeJson(stored, controlKey('mail'), { ...document, ...change });
  };
  return { clock, stored, told, logged, trouble, subject, write };
}

describe('controlWatch', () => {
  it('pauses a worker that is drained, once, and resumes it when it is not any more', async () => {
    const { clock, told, subject, write } = open();
    await write({ drain: ['other'] });
    subject.start();
    await clock.advance(1);
    expect(told).toEqual([]);
    await write({ drain: ['other', 'me'] });
    await clock.advance(5_000);
    expect(told).toEqual(['pause']);
    await clock.advance(30_000);
    expect(told).toEqual(['pause']);
    await write({});
    await clock.advance(5_000);
    expect(told).toEqual(['pause', 'resume']);
    await subject.stop();
    expect(clock.timers).toBe(0);
  });

  it('pauses with its service, and works when the document is gone', async () => {
    const { clock, stored, told, subject, write } = open();
    await write({ isPaused: true });
    subject.start();
    await clock.advance(1);
    expect(told).toEqual(['pause']);
    await stored.delete(controlKey('mail'));
    await clock.advance(5_000);
    expect(told).toEqual(['pause', 'resume']);
    await subject.stop();
  });

  it('ignores a document after ten minutes, so that nobody stays paused for one who died', async () => {
    const { clock, told, subject, write } = open();
    await write({ isPaused: true });
    subject.start();
    await clock.advance(10 * MINUTE_MS - 1);
    expect(told).toEqual(['pause']);
    await clock.advance(10_000);
    expect(told).toEqual(['pause', 'resume']);
    await subject.stop();
  });

  it('holds to what it knows while the store is out of reach, and no longer than the document counts', async () => {
    const { clock, told, logged, trouble, subject, write } = open();
    await write({ isPaused: true });
    subject.start();
    await clock.advance(1);
    trouble.get = new LongshoreError('object_store_unavailable', 'It is down', { retryable: true });
    await clock.advance(9 * MINUTE_MS);
    expect(told).toEqual(['pause']);
    expect(logged).toEqual(['Cannot follow the control document: It is down']);
    trouble.get = 'hangs';
    await clock.advance(2 * MINUTE_MS);
    expect(told).toEqual(['pause', 'resume']);
    await subject.stop();
  });

  it('works as configured under a document that is wrong, and says once what is wrong with it', async () => {
    const { clock, stored, told, logged, subject, write } = open();
    await write({ isPaused: true });
    subject.start();
    await clock.advance(1);
    await write({ isPaused: true, service: 'post' });
    await clock.advance(30_000);
    await stored.put(controlKey('mail'), '{');
    await clock.advance(30_000);
    expect(told).toEqual(['pause', 'resume']);
    expect(logged).toHaveLength(2);
    expect(logged[0]).toContain('service is not "mail"');
    await subject.stop();
  });

  it('follows no leader whose term is over while the document of a later one counts', async () => {
    const { clock, told, subject, write } = open();
    await write({ term: 6, drain: ['me'] });
    subject.start();
    await clock.advance(1);
    await write({ term: 5 });
    await clock.advance(9 * MINUTE_MS);
    expect(told).toEqual(['pause']);
    await write({ term: 5 });
    await clock.advance(2 * MINUTE_MS);
    expect(told).toEqual(['pause', 'resume']);
    await subject.stop();
  });

  it('ends a read that is under way when it stops', async () => {
    const { clock, trouble, subject } = open();
    trouble.get = 'hangs';
    subject.start();
    await clock.advance(10);
    await subject.stop();
    expect(clock.timers).toBe(0);
  });
});
