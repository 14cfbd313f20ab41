/** Cases of who is given a claim. */
import { describe, expect, it } from 'vitest';
import { MAX_KEY_BYTES } from '../key.ts';
import { MAX_RESULT_BYTES } from '../recorded-result.ts';
import { commitExpired, hold, holdLapsed, LONG_MS, request, type Running } from './suite.ts';

const RACERS = 20;

/** Texts that some store could mistake for something else. */
const STRANGE_TEXTS: readonly string[] = [
  ' ',
  '/',
  '../../etc/passwd',
  'a//b/./c',
  'tab\tnewline\nreturn\r',
  'null\0inside',
  `quotes ' " \` ; DROP TABLE longshore_once; --`,
  '{tag}:%s:$1:\\x00:*?[a-z]',
  'Straße 東京 🚢 é e\u0301',
  '\uffff\ufffe',
];

export function claimCases({ store, key }: Running): void {
  describe('claim', () => {
    it('gives a free key, with fence 1', async () => {
      expect(await store().claim(key(), request())).toMatchObject({ state: 'held', claim: { fence: 1 } });
    });

    it('gives a key to one of 20 that want it at the same time', async () => {
      const answers = await Promise.all(
        Array.from({ length: RACERS }, () => store().claim(key(), request())),
      );
      expect(answers.filter(({ state }) => state === 'held')).toHaveLength(1);
      expect(answers.filter(({ state }) => state === 'busy')).toHaveLength(RACERS - 1);
    });

    it('gives a key whose lease ran out to one of 20, with the next fence', async () => {
      await holdLapsed(store(), key());
      const answers = await Promise.all(
        Array.from({ length: RACERS }, () => store().claim(key(), request())),
      );
      const fences = answers.flatMap((answer) => (answer.state === 'held' ? [answer.claim.fence] : []));
      expect(fences).toEqual([2]);
    });

    it('tells others how long the lease has to go', async () => {
      await hold(store(), key());
      const answer = await store().claim(key(), request());
      if (answer.state !== 'busy') throw new Error(`The claim was ${answer.state}`);
      expect(answer.busyForMs).toBeGreaterThan(0);
      // Clocks of server and client may differ a little, a lease of ten minutes by no more than one.
      expect(answer.busyForMs).toBeLessThan(LONG_MS + 60_000);
    });

    it('gives an owner who asks again what it was given, because the reply may have been lost', async () => {
      const asked = request();
      const first = await store().claim(key(), asked);
      const second = await store().claim(key(), asked);
      if (first.state !== 'held' || second.state !== 'held') throw new Error('The claim was not given twice');
      expect(second.claim.fence).toBe(first.claim.fence);
      expect(await second.claim.commit('{}')).toBe(true);
      expect(await store().claim(key(), request())).toEqual({ state: 'done', record: '{}' });
    });

    it('gives a released key at once', async () => {
      const first = await hold(store(), key());
      await first.release();
      expect((await hold(store(), key())).fence).toBe(first.fence + 1);
    });

    it('answers what was committed, to everybody and byte for byte', async () => {
      const record = JSON.stringify({ value: 'quotes \' " \\ null \0 lone \ud800 ship 🚢 \u2028 $1 {x}' });
      await (await hold(store(), key())).commit(record);
      for (let time = 0; time < 2; time += 1) {
        expect(await store().claim(key(), request())).toEqual({ state: 'done', record });
      }
    });

    it('keeps the largest result', async () => {
      const record = 'é'.repeat(MAX_RESULT_BYTES / 2);
      await (await hold(store(), key())).commit(record);
      expect(await store().claim(key(), request())).toEqual({ state: 'done', record });
    });

    it('gives a key again once its retention is over, and not before', async () => {
      const first = await commitExpired(store(), key(), '"first"');
      const second = await hold(store(), key());
      expect(await first.renew(LONG_MS)).toBe(false);
      expect(await store().claim(key(), request())).toMatchObject({ state: 'busy' });
      expect(await second.commit('"second"')).toBe(true);
      expect(await store().claim(key(), request())).toEqual({ state: 'done', record: '"second"' });
    });

    it('keeps keys of any characters apart', async () => {
      const base = key();
      const longest = base.padEnd(MAX_KEY_BYTES - 1, 'x');
      const keys = [
        base,
        ...STRANGE_TEXTS.flatMap((text) => [`${base}${text}`, `${text}${base}`]),
        longest,
        `${longest}a`,
        `${longest}A`,
      ];
      for (const [index, strange] of keys.entries()) {
        const claim = await hold(store(), strange);
        expect(await claim.commit(JSON.stringify({ value: index })), strange).toBe(true);
      }
      for (const [index, strange] of keys.entries()) {
        const record = JSON.stringify({ value: index });
        expect(await store().claim(strange, request()), strange).toEqual({ state: 'done', record });
      }
    });
  });
}
