import { describe, expect, it } from 'vitest';
import { parseContainer } from './container.ts';
import { inspection, type InspectionParts } from './fixtures/inspection.ts';
import { StartBrake } from './start-brake.ts';
import type { DockerTask } from './tasks.ts';

function task(state: DockerTask['state'], parts: InspectionParts = {}): DockerTask {
  const container = parseContainer(inspection(parts));
  if (container === undefined) throw new Error('No container');
  return { container, state, busy: 0, isAnswering: true, isDeaf: false, startedAtMs: 0 };
}

const died = (livedMs: number, startedAtMs = 1_000_000): DockerTask =>
  task('dead', { status: 'exited', startedAtMs, finishedAtMs: startedAtMs + livedMs });

describe('starts', () => {
  it('go on at once after one that had lived well', () => {
    const brake = new StartBrake();
    expect(brake.look([died(60_000)], 0)).toHaveLength(1);
    expect(brake.starts([], 0)).toBe(4);
  });

  it('wait longer and longer after young deaths, and come one at a time until one is up', () => {
    const brake = new StartBrake();
    brake.look([died(100)], 0);
    expect(brake.starts([], 249)).toBe(0);
    expect(brake.starts([], 250)).toBe(1);
    expect(brake.starts([task('starting')], 250)).toBe(0);
    brake.look([died(100, 1_000_300)], 300);
    expect(brake.starts([], 799)).toBe(0);
    expect(brake.starts([], 800)).toBe(1);
    brake.look([task('running')], 900);
    expect(brake.starts([], 900)).toBe(4);
  });

  it('are told of each death once', () => {
    const brake = new StartBrake();
    const dead = died(100);
    expect(brake.look([dead], 0)).toEqual([dead]);
    expect(brake.look([dead], 10)).toEqual([]);
    expect(brake.starts([], 260)).toBe(1);
  });

  it('wait after one that could not be made', () => {
    const brake = new StartBrake();
    expect(brake.failed(0)).toBe(250);
    expect(brake.isOn(249)).toBe(true);
    expect(brake.isOn(250)).toBe(false);
    expect(brake.failed(300)).toBe(500);
  });
});
