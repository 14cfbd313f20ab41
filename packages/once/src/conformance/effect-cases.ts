/** Cases of `createOnce` on the store under test. */
import { setTimeout as pause } from 'node:timers/promises';
import { errorDetails, LongshoreError } from '@longshore/job';
import { describe, expect, it } from 'vitest';
import { createOnce, type Once } from '../once.ts';
import type { OnceStore } from '../once-store.ts';
import { hold, LAPSE_MS, SHORT_MS, type Running } from './suite.ts';

const RACERS = 20;

/** A store that does what it is told, and whose first reply to each kind of call is lost. */
function losingReplies(store: OnceStore): OnceStore {
  const lost = new Set<string>();
  const losing = async <Answer>(call: string, answering: Promise<Answer>): Promise<Answer> => {
    const answer = await answering;
    if (lost.has(call)) return answer;
    lost.add(call);
    throw new LongshoreError('once_unavailable', 'The reply was lost', { retryable: true });
  };
  return {
    claim: async (key, request) => {
      const answer = await losing('claim', store.claim(key, request));
      if (answer.state !== 'held') return answer;
      const { claim } = answer;
      const commit = (record: string): Promise<boolean> => losing('commit', claim.commit(record));
      const release = (): Promise<void> => losing('release', claim.release());
      return { ...answer, claim: { ...claim, commit, release } };
    },
  };
}

export function effectCases({ store, key }: Running): void {
  const open = (): Once => createOnce({ store: store() });
  const neverRuns = async (): Promise<never> => {
    throw new Error('The effect ran again');
  };

  describe('an effect', () => {
    it('runs once, and its result is answered from then on', async () => {
      const result = { id: 7, names: ['a', null], nested: { isTrue: true } };
      expect(await open().once(key(), async () => result)).toEqual(result);
      expect(await open().once(key(), neverRuns)).toEqual(result);
    });

    it('without a result runs once, too', async () => {
      expect(await open().once(key(), async () => undefined)).toBeUndefined();
      expect(await open().once(key(), neverRuns)).toBeUndefined();
    });

    it('runs once of 20 that want it at the same time; the others are told that it is busy, or get its result', async () => {
      let runs = 0;
      const once = open();
      const outcomes = await Promise.allSettled(
        Array.from({ length: RACERS }, () =>
          once.once(key(), async () => {
            runs += 1;
            return runs;
          }),
        ),
      );
      expect(runs).toBe(1);
      const told = outcomes.map((outcome) =>
        outcome.status === 'fulfilled' ? outcome.value : errorDetails(outcome.reason).code,
      );
      expect(told.filter((each) => each !== 1 && each !== 'once_busy')).toEqual([]);
      expect(told).toContain(1);
    });

    it('of a key that another owner holds does not run', async () => {
      await hold(store(), key());
      await expect(open().once(key(), neverRuns)).rejects.toMatchObject({
        code: 'once_busy',
        retryable: true,
      });
    });

    it('that throws gives up its key, and may run again at once', async () => {
      const failure = new Error('The card was declined');
      await expect(open().once(key(), () => Promise.reject(failure))).rejects.toBe(failure);
      expect(await open().once(key(), async ({ fence }) => fence)).toBe(2);
    });

    it('of a zombie does not count', async () => {
      // Its store ends the lease long before it thinks of renewing it, as a pause of the process would.
      const forgetful: OnceStore = {
        claim: (asked, fields) => store().claim(asked, { ...fields, leaseMs: SHORT_MS }),
      };
      const zombie = createOnce({ store: forgetful }).once(key(), async ({ fence }) => {
        await pause(LAPSE_MS);
        const thief = await hold(store(), key());
        expect(thief.fence).toBe(fence + 1);
        expect(await thief.commit('{"value":"thief"}')).toBe(true);
        return 'zombie';
      });
      await expect(zombie).rejects.toMatchObject({ code: 'once_lost', retryable: true });
      expect(await open().once(key(), neverRuns)).toBe('thief');
    });

    it('runs once when the replies to its claim and its commit are lost', async () => {
      let runs = 0;
      const result = await createOnce({ store: losingReplies(store()) }).once(key(), async ({ fence }) => {
        runs += 1;
        return { fence };
      });
      expect(runs).toBe(1);
      expect(result).toEqual({ fence: 1 });
      expect(await open().once(key(), neverRuns)).toEqual({ fence: 1 });
    });

    it('that throws gives up its key when the reply to that is lost', async () => {
      const failure = new Error('The card was declined');
      const once = createOnce({ store: losingReplies(store()) });
      await expect(once.once(key(), () => Promise.reject(failure))).rejects.toBe(failure);
      expect(await open().once(key(), async ({ fence }) => fence)).toBe(2);
    });

    it('that returns what is not JSON is not repeated, and says so', async () => {
      const refused = { code: 'once_result_refused', retryable: false };
      await expect(open().once(key(), async () => new Map())).rejects.toMatchObject(refused);
      await expect(open().once(key(), neverRuns)).rejects.toMatchObject(refused);
    });
  });
}
