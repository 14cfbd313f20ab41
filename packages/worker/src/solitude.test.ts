import { describe, expect, it } from 'vitest';
import { settled } from './fixtures/manual-clock.ts';
import { solitude } from './solitude.ts';

function watch(promise: Promise<boolean>): { value: boolean | undefined } {
  const seen: { value: boolean | undefined } = { value: undefined };
  void promise.then((value) => {
    seen.value = value;
  });
  return seen;
}

describe('solitude', () => {
  it('waits until nobody else is busy, and keeps others out until it is left', async () => {
    const alone = solitude();
    alone.changed(3);
    const suspect = watch(alone.enter());
    await settled();
    expect({ ...suspect, isWanted: alone.isWanted }).toEqual({ value: undefined, isWanted: true });
    alone.changed(1);
    await settled();
    expect({ ...suspect, isWanted: alone.isWanted }).toEqual({ value: true, isWanted: true });
    alone.leave();
    alone.changed(0);
    expect(alone.isWanted).toBe(false);
  });

  it('takes one at a time, and sends others away', async () => {
    const alone = solitude();
    alone.changed(3);
    const first = watch(alone.enter());
    const second = watch(alone.enter());
    await settled();
    expect([first.value, second.value]).toEqual([undefined, false]);
    alone.changed(1);
    const third = watch(alone.enter());
    await settled();
    expect([first.value, third.value]).toEqual([true, false]);
    alone.leave();
    const fourth = watch(alone.enter());
    await settled();
    expect(fourth.value).toBe(true);
  });

  it('sends away who waits, and not who is alone already', async () => {
    const alone = solitude();
    alone.changed(2);
    const outside = watch(alone.enter());
    alone.dismiss();
    alone.changed(1);
    const inside = watch(alone.enter());
    alone.dismiss();
    await settled();
    expect([outside.value, inside.value]).toEqual([false, true]);
  });
});
