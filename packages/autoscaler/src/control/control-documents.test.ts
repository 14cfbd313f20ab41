import { controlKey, parseControl, type ControlDocument } from '@longshore/fleet';
import { isLongshoreError } from '@longshore/job';
import { readJson, writeJson } from '@longshore/objects';
import { memoryObjectStore } from '@longshore/objects/memory';
import { describe, expect, it } from 'vitest';
import { manualClock } from '../fixtures/manual-clock.ts';
import { controlDocuments } from './control-documents.ts';

function open() {
  const clock = manualClock();
  const objects = memoryObjectStore();
  const writer = (term: number) => controlDocuments({ objects, clock, term });
  const stored = async (service = 'mail'): Promise<ControlDocument | undefined> => {
    const parsed = parseControl(await readJson(objects, controlKey(service)), service);
    return parsed.ok ? parsed.value : undefined;
  };
  return { clock, objects, writer, stored };
}

describe('controlDocuments', () => {
  it('says whom to drain, as a whole, and costs no write when it says so again', async () => {
    const { clock, writer, stored } = open();
    const control = writer(3);
    expect(await control.drain('mail', ['b', 'a', 'b'])).toMatchObject({ kind: 'written' });
    expect(await stored()).toEqual({
      version: 1,
      service: 'mail',
      term: 3,
      drain: ['a', 'b'],
      isPaused: false,
      atMs: 1_000_000,
    });
    await clock.advance(10_000);
    expect(await control.drain('mail', ['a', 'b'])).toMatchObject({ kind: 'unchanged' });
    await control.drain('mail', ['c']);
    expect(await stored()).toMatchObject({ drain: ['c'], atMs: 1_010_000 });
  });

  it('writes nothing where nothing was asked and nothing is', async () => {
    const { writer, stored } = open();
    expect(await writer(1).drain('mail', [])).toMatchObject({ kind: 'unchanged' });
    expect(await writer(1).resume('mail')).toMatchObject({ kind: 'unchanged' });
    expect(await stored()).toBeUndefined();
  });

  it('keeps pauses and drains apart, also when both are asked for at once', async () => {
    const { writer, stored } = open();
    const control = writer(1);
    await Promise.all([control.drain('mail', ['a']), control.pause('mail'), control.drain('post', ['b'])]);
    expect(await stored()).toMatchObject({ drain: ['a'], isPaused: true });
    await control.resume('mail');
    expect(await stored()).toMatchObject({ drain: ['a'], isPaused: false });
    expect(await stored('post')).toMatchObject({ drain: ['b'], isPaused: false });
  });

  it('refuses a leader whose term is over, and lets the next one take over what it had asked', async () => {
    const { writer, stored } = open();
    const [former, next] = [writer(4), writer(5)];
    await former.drain('mail', ['a']);
    expect(await next.pause('mail')).toMatchObject({ kind: 'written' });
    expect(await stored()).toMatchObject({ term: 5, drain: ['a'], isPaused: true });
    expect(await former.drain('mail', ['z'])).toEqual({ kind: 'outranked', term: 5 });
    expect(await former.refresh()).toEqual([{ kind: 'outranked', term: 5 }]);
    expect(await stored()).toMatchObject({ term: 5, drain: ['a'], isPaused: true });
  });

  it('writes over what a former leader left at the same moment', async () => {
    const { clock, objects, writer, stored } = open();
    const leader = writer(5);
    await leader.drain('mail', ['a']);
    const late = { version: 1, service: 'mail', term: 4, drain: ['z'], isPaused: true, atMs: clock.nowMs() };
    await writeJson(objects, controlKey('mail'), late);
    await leader.refresh();
    expect(await stored()).toMatchObject({ term: 5, drain: ['a'], isPaused: false });
  });

  it('adopts what an operator wrote in its term', async () => {
    const { writer, stored } = open();
    const leader = writer(5);
    await leader.drain('mail', ['a']);
    await writer(5).pause('mail');
    await leader.drain('mail', ['b']);
    expect(await stored()).toMatchObject({ drain: ['b'], isPaused: true });
  });

  it('writes again in time what would expire, and lets expire what asks for nothing', async () => {
    const { clock, writer, stored } = open();
    const control = writer(1);
    await control.pause('mail');
    await control.drain('post', ['a']);
    await control.drain('post', []);
    for (let tick = 0; tick < 120; tick += 1) {
      await clock.advance(10_000);
      await control.refresh();
      expect(clock.nowMs() - ((await stored())?.atMs ?? 0)).toBeLessThanOrEqual(200_000);
    }
    expect(await stored('post')).toMatchObject({ atMs: 1_000_000 });
  });

  it('starts afresh from a document that has expired or cannot be read', async () => {
    const { clock, objects, writer, stored } = open();
    await writer(1).pause('mail');
    await clock.advance(600_001);
    await writer(2).drain('mail', ['a']);
    expect(await stored()).toMatchObject({ isPaused: false, drain: ['a'] });
    await objects.put(controlKey('mail'), '{');
    await writer(2).drain('mail', ['b']);
    expect(await stored()).toMatchObject({ drain: ['b'] });
  });

  it('changes nothing while the store is out of reach, and does when it is back', async () => {
    const { objects, clock, stored } = open();
    let isDown = true;
    const flaky = {
      ...objects,
      put: (...args: Parameters<typeof objects.put>) =>
        isDown ? Promise.reject(new Error('It is down')) : objects.put(...args),
    };
    const control = controlDocuments({ objects: flaky, clock, term: 1 });
    await expect(control.pause('mail')).rejects.toThrow('It is down');
    isDown = false;
    expect(await control.drain('mail', ['a'])).toMatchObject({ kind: 'written' });
    expect(await stored()).toMatchObject({ drain: ['a'], isPaused: false });
  });

  it('refuses what is no term and no list of ids', async () => {
    const { writer } = open();
    expect(() => writer(0.5)).toThrow(/term 0.5/);
    const tooMany = Array.from({ length: 5_001 }, (_, index) => String(index));
    for (const ids of [tooMany, [''], ['x'.repeat(65)]]) {
      const refused = await writer(1)
        .drain('mail', ids)
        .catch((error: unknown) => error);
      expect(isLongshoreError(refused, 'invalid_options')).toBe(true);
    }
  });
});
