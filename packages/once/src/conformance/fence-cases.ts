/** Cases of what an owner may still do, and a zombie may not. */
import { describe, expect, it } from 'vitest';
import { hold, holdLapsed, LONG_MS, request, type Running } from './suite.ts';

export function fenceCases({ store, key }: Running): void {
  describe('an owner', () => {
    it('keeps its claim by renewing it', async () => {
      const claim = await holdLapsed(store(), key());
      expect(await claim.renew(LONG_MS)).toBe(true);
      expect(await store().claim(key(), request())).toMatchObject({ state: 'busy' });
      expect(await claim.commit('{}')).toBe(true);
    });

    it('renews as often as its effect needs', async () => {
      const claim = await hold(store(), key());
      for (let time = 0; time < 12; time += 1) expect(await claim.renew(LONG_MS)).toBe(true);
      expect(claim.fence).toBe(1);
      expect(await store().claim(key(), request())).toMatchObject({ state: 'busy' });
      expect(await claim.commit('{}')).toBe(true);
      expect(await store().claim(key(), request())).toEqual({ state: 'done', record: '{}' });
    });

    it('commits after its lease ran out, if nobody took over', async () => {
      const claim = await holdLapsed(store(), key());
      expect(await claim.commit('{}')).toBe(true);
      expect(await store().claim(key(), request())).toEqual({ state: 'done', record: '{}' });
    });

    it('commits twice, because the first reply may have been lost', async () => {
      const claim = await hold(store(), key());
      expect(await claim.commit('"once"')).toBe(true);
      expect(await claim.commit('"once"')).toBe(true);
      expect(await store().claim(key(), request())).toEqual({ state: 'done', record: '"once"' });
    });

    it('commits twice by two claims of one owner, which is what a repeated request looks like', async () => {
      const asked = request();
      const claims = [await store().claim(key(), asked), await store().claim(key(), asked)];
      for (const answer of claims) {
        if (answer.state !== 'held') throw new Error(`The claim was ${answer.state}`);
        expect(await answer.claim.commit('"once"')).toBe(true);
      }
      expect(await store().claim(key(), request())).toEqual({ state: 'done', record: '"once"' });
    });

    it('changes nothing by a release after its commit', async () => {
      const claim = await hold(store(), key());
      await claim.commit('{}');
      await claim.release();
      expect(await claim.commit('{}')).toBe(true);
      expect(await store().claim(key(), request())).toEqual({ state: 'done', record: '{}' });
    });

    it('commits and renews nothing after it released', async () => {
      const claim = await hold(store(), key());
      await claim.release();
      expect(await claim.commit('{}')).toBe(false);
      expect(await claim.renew(LONG_MS)).toBe(false);
      expect((await hold(store(), key())).fence).toBe(2);
    });

    it('releases twice', async () => {
      const claim = await hold(store(), key());
      await claim.release();
      await claim.release();
      expect(await store().claim(key(), request())).toMatchObject({ state: 'held', claim: { fence: 2 } });
    });
  });

  describe('a zombie, whose claim was taken over,', () => {
    it('cannot renew', async () => {
      const zombie = await holdLapsed(store(), key());
      const next = await hold(store(), key());
      expect(await zombie.renew(LONG_MS)).toBe(false);
      expect(next.fence).toBe(zombie.fence + 1);
      expect(await next.renew(LONG_MS)).toBe(true);
    });

    it('cannot commit, while the next owner works and after it is done', async () => {
      const zombie = await holdLapsed(store(), key());
      const next = await hold(store(), key());
      expect(await zombie.commit('"zombie"')).toBe(false);
      expect(await store().claim(key(), request())).toMatchObject({ state: 'busy' });
      expect(await next.commit('"next"')).toBe(true);
      expect(await zombie.commit('"zombie"')).toBe(false);
      expect(await store().claim(key(), request())).toEqual({ state: 'done', record: '"next"' });
    });

    it('cannot commit once the next owner released', async () => {
      const zombie = await holdLapsed(store(), key());
      await (await hold(store(), key())).release();
      expect(await zombie.commit('"zombie"')).toBe(false);
      expect(await store().claim(key(), request())).toMatchObject({ state: 'held', claim: { fence: 3 } });
    });

    it('cannot release', async () => {
      const zombie = await holdLapsed(store(), key());
      const next = await hold(store(), key());
      await zombie.release();
      expect(await store().claim(key(), request())).toMatchObject({ state: 'busy' });
      expect(await next.commit('{}')).toBe(true);
    });

    it('loses to one of many that take over while it commits', async () => {
      for (let round = 0; round < 5; round += 1) {
        const each = `${key()}:${round}`;
        const zombie = await holdLapsed(store(), each);
        const [isCommitted, ...answers] = await Promise.all([
          zombie.commit('"zombie"'),
          ...Array.from({ length: 5 }, () => store().claim(each, request())),
        ]);
        const held = answers.filter(({ state }) => state === 'held');
        // Either its commit came first and all see it, or one took over and it was refused.
        expect(held).toHaveLength(isCommitted ? 0 : 1);
        expect(await store().claim(each, request())).toMatchObject(
          isCommitted ? { state: 'done', record: '"zombie"' } : { state: 'busy' },
        );
      }
    });
  });
}
