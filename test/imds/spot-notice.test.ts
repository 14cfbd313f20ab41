/** The watch for Spot notices, against a metadata service on a real socket and a clock that only moves here. */
import { spotNotice, type InterruptionNotice, type SpotNotice } from '@longshore/worker/ec2';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { manualClock, type ManualClock } from '../clock/manual-clock.ts';
import { startImds, type Imds } from './imds.ts';

const ITEM = 'spot/instance-action';
const LOOK = `GET /latest/meta-data/${ITEM}`;
const TOKEN = 'PUT /latest/api/token';
const notice = '{"action":"terminate","time":"2026-03-01T08:22:00Z"}';
const atMs = Date.parse('2026-03-01T08:22:00Z');

let clock: ManualClock;
let imds: Imds;
let notices: InterruptionNotice[];
let messages: string[];
let watch: SpotNotice;

beforeEach(async () => {
  clock = manualClock();
  imds = await startImds({ clock });
  notices = [];
  messages = [];
  watch = spotNotice({
    onNotice: (each) => void notices.push(each),
    imdsUri: imds.uri,
    clock,
    log: {
      info: (_fields, message) => messages.push(message),
      warn: (_fields, message) => messages.push(message),
    },
  });
});
afterEach(async () => {
  await watch.stop();
  await imds.close();
});

/** Waits for what the network brings, which no clock of ours moves. */
async function until(condition: () => boolean, what: string): Promise<void> {
  await vi.waitFor(() => expect(condition(), what).toBe(true), { interval: 2, timeout: 10_000 });
}
const looks = (): number => imds.requests.filter((request) => request === LOOK).length;
/** The watch sleeps until its next look: what it waits for is further away than the end of a call. */
const rests = (count: number): Promise<void> =>
  until(
    () => imds.requests.length >= count && clock.nextInMs > 1_000 && clock.nextInMs < Infinity,
    `${count} requests and rest`,
  );

describe('spotNotice', () => {
  it('looks every five seconds with one token, and tells of a notice once', async () => {
    watch.start();
    watch.start();
    await rests(2);
    await clock.advance(4_999);
    expect(imds.requests).toEqual([TOKEN, LOOK]);
    await clock.advance(1);
    await rests(3);
    imds.items.set(ITEM, notice);
    await clock.advance(5_000);
    await until(() => notices.length > 0, 'a notice');
    await clock.advance(60_000);
    watch.start();
    expect(await watch.tick()).toEqual({ action: 'terminate', atMs });
    expect(notices).toEqual([{ action: 'terminate', atMs }]);
    expect(imds.requests).toEqual([TOKEN, LOOK, LOOK, LOOK]);
  });

  it('does nothing about a rebalance recommendation', async () => {
    imds.items.set('events/recommendations/rebalance', '{"noticeTime":"2026-03-01T08:22:00Z"}');
    expect(await watch.tick()).toBeUndefined();
    expect(imds.requests).toEqual([TOKEN, LOOK]);
  });

  it('gets another token before the old one ends, and when it is void', async () => {
    await watch.tick();
    await clock.advance(21_600_000 - 60_000);
    await watch.tick();
    expect(imds.requests).toEqual([TOKEN, LOOK, TOKEN, LOOK]);
    imds.voidTokens();
    imds.items.set(ITEM, notice);
    expect(await watch.tick()).toBeUndefined();
    expect(await watch.tick()).toEqual({ action: 'terminate', atMs });
  });

  it('looks less and less often while there is no service, says so once, and recovers', async () => {
    imds.plan(403, 403, 403, 403, 403);
    watch.start();
    const delaysMs = [10_000, 20_000, 40_000, 60_000, 60_000];
    for (const [index, delayMs] of delaysMs.entries()) {
      await rests(index + 1);
      expect(messages).toHaveLength(1);
      await clock.advance(delayMs - 1);
      expect(imds.requests).toHaveLength(index + 1);
      await clock.advance(1);
    }
    await until(() => messages.length === 2, 'recovered');
    expect(messages[1]).toMatch(/answers again/);
    await rests(7);
    await clock.advance(5_000);
    await until(() => looks() === 2, 'back to five seconds');
  });

  it('gives up on a call that takes too long', async () => {
    imds.plan('hang');
    const looked = watch.tick();
    await until(() => imds.requests.length === 1, 'called');
    await clock.advance(1_000);
    expect(await looked).toBeUndefined();
    expect(clock.timers).toBe(0);
  });

  it('stops in the middle of a call, and leaves no timer', async () => {
    imds.plan('hang');
    watch.start();
    await until(() => imds.requests.length === 1, 'called');
    await Promise.all([watch.stop(), watch.stop()]);
    expect(clock.timers).toBe(0);
    expect(messages).toEqual([]);
  });

  it('may be stopped before it started, and started again', async () => {
    await watch.stop();
    watch.start();
    await rests(2);
    await watch.stop();
    watch.start();
    await rests(3);
    expect(looks()).toBe(2);
  });

  it.each([
    ['{"action":"hibernate"}', { action: 'hibernate', atMs: 1_000_000 }],
    ['{"time":"soon"}', { action: 'terminate', atMs: 1_000_000 }],
  ])('takes %s for a notice of now', async (text, expected) => {
    imds.items.set(ITEM, text);
    expect(await watch.tick()).toEqual(expected);
  });

  it('takes what is no JSON for no notice', async () => {
    imds.items.set(ITEM, '<html>');
    expect(await watch.tick()).toBeUndefined();
    expect(notices).toEqual([]);
  });

  it('survives a listener that throws', async () => {
    imds.items.set(ITEM, notice);
    const clumsy = spotNotice({
      onNotice: () => {
        throw new Error('clumsy');
      },
      imdsUri: imds.uri,
      clock,
    });
    expect(await clumsy.tick()).toEqual({ action: 'terminate', atMs });
  });

  it('refuses options that cannot work, all at once', () => {
    const make = (): unknown =>
      spotNotice({ onNotice: () => {}, imdsUri: 'metadata', intervalMs: 1, timeoutMs: 1 });
    expect(make).toThrow(/imdsUri is "metadata".*intervalMs is 1.*timeoutMs is 1/);
  });
});
