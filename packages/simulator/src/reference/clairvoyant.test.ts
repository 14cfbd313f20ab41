import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EVERYDAY } from '../engine/scenario.ts';
import { longshore } from '../longshore.ts';
import { simulate } from '../engine/engine.ts';
import { arrivalsPerSecond } from '../traces/arrivals-per-second.ts';
import { seededRandom } from '../traces/seeded-random.ts';
import { syntheticTraces } from '../traces/synthetic-traces.ts';
import { clairvoyant, workBound } from './clairvoyant.ts';
import { tautString } from './taut-string.ts';

const HOURS = 8;
const traces = syntheticTraces().map((trace) => ({
  trace: trace.name,
  arrivals: arrivalsPerSecond(trace, {
    windowSeconds: HOURS * 3_600,
    meanRatePerSecond: 15,
    random: seededRandom(`test/${trace.name}`),
  }),
}));

describe('the clairvoyant reference', () => {
  it.each(traces)('keeps the objective on $trace, at no less than the work itself', (world) => {
    const result = clairvoyant({ ...world, scenario: EVERYDAY });
    expect(result.late / result.jobs).toBeLessThan(0.01);
    expect(result.taskSeconds).toBeGreaterThan(workBound(world.arrivals, EVERYDAY));
    expect(result.taskSeconds).toBeLessThan(workBound(world.arrivals, EVERYDAY) * 1.5);
    expect(result.killedBusy).toBe(0);
  });
});

describe('our policy', () => {
  it.each(traces)('keeps the objective on $trace without killing, near the reference', (world) => {
    const reference = clairvoyant({ ...world, scenario: EVERYDAY });
    const result = simulate({ ...world, policy: longshore(), scenario: EVERYDAY });
    expect(result.killedBusy).toBe(0);
    expect(result.late / result.jobs).toBeLessThanOrEqual(0.002);
    expect(result.taskSeconds / reference.taskSeconds).toBeLessThanOrEqual(1.9);
  });
});

describe('a first job at zero tasks', () => {
  it('is answered within two looks at the queue, whenever it comes', () => {
    for (let second = 400; second < 405; second += 1) {
      const arrivals = new Uint32Array(600);
      arrivals[second] = 1;
      const scenario = { ...EVERYDAY, queueLagSeconds: 0 };
      const { series } = simulate({
        trace: 'one',
        arrivals,
        policy: longshore(),
        scenario,
        seriesStepSeconds: 1,
      });
      const asked = series?.desired.findIndex((count) => count > 0) ?? -1;
      expect(asked).toBeGreaterThanOrEqual(second);
      expect(asked - second).toBeLessThanOrEqual(5);
    }
  });
});

describe('tautString', () => {
  const walls = fc
    .array(
      fc.record({
        rise: fc.double({ min: 0, max: 10, noNaN: true }),
        room: fc.double({ min: 0, max: 20, noNaN: true }),
      }),
      {
        minLength: 1,
        maxLength: 60,
      },
    )
    .map((steps) => {
      const upper = [0];
      for (const { rise } of steps) upper.push((upper.at(-1) ?? 0) + rise);
      let floor = 0;
      const lower = upper.map((height, index) => {
        floor = Math.max(floor, height - (steps[index]?.room ?? 0));
        return index === 0 || index === upper.length - 1 ? height : Math.min(floor, height);
      });
      return { lower: Float64Array.from(lower), upper: Float64Array.from(upper) };
    });

  it('stays between its walls from end to end', () => {
    fc.assert(
      fc.property(walls, ({ lower, upper }) => {
        const slopes = tautString(lower, upper);
        let height = 0;
        for (const [step, slope] of slopes.entries()) {
          height += slope;
          expect(height).toBeLessThanOrEqual((upper[step + 1] ?? 0) + 1e-6);
          expect(height).toBeGreaterThanOrEqual((lower[step + 1] ?? 0) - 1e-6);
        }
        expect(height).toBeCloseTo(upper.at(-1) ?? 0);
      }),
    );
  });

  it('bends only where it touches a wall: up at the lower one never, down at the upper one never', () => {
    fc.assert(
      fc.property(walls, ({ lower, upper }) => {
        const slopes = tautString(lower, upper);
        let height = 0;
        for (let step = 0; step + 1 < slopes.length; step += 1) {
          height += slopes[step] ?? 0;
          const bend = (slopes[step + 1] ?? 0) - (slopes[step] ?? 0);
          const wall = bend > 1e-6 ? upper[step + 1] : bend < -1e-6 ? lower[step + 1] : height;
          expect(height).toBeCloseTo(wall ?? 0);
        }
      }),
    );
  });
});
