import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseContainer } from './container.ts';
import { inspection } from './fixtures/inspection.ts';
import { mendingPlan, type MendingInputs } from './mending-plan.ts';
import type { DockerTask } from './tasks.ts';

type Part = Partial<DockerTask> & { readonly leavesByMs?: number };

const NOW_MS = 1_000;
function tasksOf(parts: readonly Part[]): DockerTask[] {
  return parts.map(({ leavesByMs, ...part }, index) => {
    const mark = leavesByMs === undefined ? '' : `.leaves-by-${leavesByMs}`;
    const container = parseContainer(
      inspection({ id: `id-${index}`, name: `shop-mail-${index + 1}${mark}` }),
    );
    if (container === undefined) throw new Error('No container');
    return {
      container,
      state: 'running',
      busy: 0,
      isAnswering: true,
      isDeaf: false,
      startedAtMs: index,
      ...part,
    };
  });
}

function plan(parts: readonly Part[], desired: number, rest: Partial<MendingInputs> = {}) {
  const whole = mendingPlan({
    tasks: tasksOf(parts),
    desired,
    starts: 4,
    isDeclared: true,
    nowMs: NOW_MS,
    ...rest,
  });
  const ids = (tasks: readonly DockerTask[]): number[] => tasks.map(({ startedAtMs }) => startedAtMs);
  const { drain, remind, kill, remove, keep, start, create } = whole;
  return {
    drain: ids(drain),
    remind: ids(remind),
    kill: ids(kill),
    remove: ids(remove),
    keep: keep?.startedAtMs,
    start: ids(start),
    create,
  };
}

const NOTHING = { drain: [], remind: [], kill: [], remove: [], keep: undefined, start: [], create: 0 };

describe('the plan', () => {
  it('is nothing where all is as it should be', () => {
    expect(plan([{}, { state: 'starting' }, { state: 'draining', leavesByMs: 2_000 }], 2)).toEqual(NOTHING);
    expect(plan([], 0)).toEqual(NOTHING);
  });

  it('starts what has ended before it creates', () => {
    expect(plan([{}, { state: 'dead' }, { state: 'blank' }], 5)).toEqual({
      ...NOTHING,
      start: [1, 2],
      create: 2,
    });
    expect(plan([{ state: 'dead' }, { state: 'dead' }], 3, { starts: 1 })).toEqual({
      ...NOTHING,
      start: [0],
    });
  });

  it('leaves the dead where they are while starts wait', () => {
    expect(plan([{}, { state: 'dead' }], 2, { starts: 0 })).toEqual(NOTHING);
  });

  it('takes the least busy first, and removes what is not needed', () => {
    expect(plan([{ busy: 2 }, {}, { busy: 1 }, { state: 'dead' }, { state: 'blank' }], 1)).toEqual({
      ...NOTHING,
      drain: [1, 2],
      remove: [3],
    });
  });

  it('reminds who has not heard, and kills who outstays', () => {
    expect(
      plan(
        [
          { state: 'draining', leavesByMs: 1_001, isDeaf: true },
          { state: 'draining', leavesByMs: 1_000, isDeaf: true },
          { state: 'draining', leavesByMs: 1_001 },
          // By itself, or by somebody else.
          { state: 'draining' },
        ],
        0,
      ),
    ).toEqual({ ...NOTHING, remind: [0], kill: [1] });
  });

  it('keeps the last container of a service that is not declared', () => {
    const left: Part[] = [{ state: 'left' }, { state: 'left' }];
    expect(plan(left, 0, { isDeclared: false })).toEqual({ ...NOTHING, remove: [0], keep: 1 });
    expect(plan(left, 0)).toEqual({ ...NOTHING, remove: [0, 1] });
    expect(plan([...left, {}], 1, { isDeclared: false })).toEqual({ ...NOTHING, remove: [0, 1] });
  });

  it('never asks more to leave than are too many, and never starts more than are missing', () => {
    const state = fc.constantFrom<DockerTask['state']>(
      'starting',
      'running',
      'draining',
      'left',
      'dead',
      'blank',
    );
    const part = fc.record({ state, busy: fc.nat(3), isAnswering: fc.boolean() });
    fc.assert(
      fc.property(fc.array(part), fc.nat(20), fc.nat(6), (parts, desired, starts) => {
        const { drain, start, create } = plan(parts, desired, { starts });
        const staying = parts.filter((each) => each.state === 'starting' || each.state === 'running').length;
        expect(drain).toHaveLength(Math.max(0, staying - desired));
        expect(start.length + create).toBe(Math.min(starts, Math.max(0, desired - staying)));
      }),
    );
  });
});
