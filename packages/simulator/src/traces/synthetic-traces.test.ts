import { describe, expect, it } from 'vitest';
import { syntheticTraces } from './synthetic-traces.ts';
import type { Trace } from './trace.ts';

const traces = new Map(syntheticTraces().map((trace) => [trace.name, trace]));

function named(name: string): Trace {
  const trace = traces.get(name);
  if (trace === undefined) throw new Error(`There is no trace "${name}"`);
  return trace;
}

/** Counts over the trace's mean. */
function relative({ counts }: Trace): Float64Array {
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.map((count) => count / mean);
}

/** Lengths in seconds of the runs of buckets that are empty, or that are not. */
function runs({ counts, bucketSeconds }: Trace, isEmpty: boolean): number[] {
  const lengths: number[] = [];
  let length = 0;
  for (const count of counts) {
    if ((count === 0) === isEmpty) length += bucketSeconds;
    else if (length > 0) {
      lengths.push(length);
      length = 0;
    }
  }
  return lengths;
}

describe('syntheticTraces', () => {
  it('are six traces of 72 hours in buckets of 10 to 60 seconds, from a Monday', () => {
    expect([...traces.keys()]).toEqual(['diurnal', 'spikes', 'steps', 'idle-gaps', 'ramps', 'on-off']);
    for (const { bucketSeconds, counts, startMs } of traces.values()) {
      expect(bucketSeconds * counts.length).toBe(72 * 3600);
      expect([10, 60]).toContain(bucketSeconds);
      expect(new Date(startMs).getUTCDay()).toBe(1);
      expect(counts.every((count) => Number.isSafeInteger(count) && count >= 0)).toBe(true);
    }
  });

  it('are the same for a seed and others for another', () => {
    expect(syntheticTraces()).toEqual(syntheticTraces(1));
    for (const { name, counts } of syntheticTraces(2)) expect(counts).not.toEqual(named(name).counts);
    expect(() => syntheticTraces(0.5)).toThrow('Cannot seed with 0.5');
  });

  it('diurnal has its trough before dawn and its peak after noon, on each day', () => {
    const { counts } = named('diurnal');
    const hourly = Array.from({ length: 72 }, (_, hour) =>
      counts.subarray(hour * 60, hour * 60 + 60).reduce((sum, count) => sum + count, 0),
    );
    for (const day of [0, 24, 48]) {
      const hours = hourly.slice(day, day + 24);
      expect(hours.indexOf(Math.max(...hours))).toBeGreaterThanOrEqual(11);
      expect(hours.indexOf(Math.max(...hours))).toBeLessThanOrEqual(16);
      expect(hours.indexOf(Math.min(...hours))).toBeLessThanOrEqual(6);
      expect(Math.max(...hours) / Math.min(...hours)).toBeGreaterThan(4);
    }
  });

  it('spikes rise to many times the usual within two minutes, several times a day', () => {
    const levels = relative(named('spikes'));
    const usual = [...levels].toSorted((a, b) => a - b)[Math.floor(levels.length / 2)] ?? 0;
    let surges = 0;
    for (let at = 30; at < levels.length; at += 1) {
      const isSurge = (levels[at] ?? 0) > 4 * usual && (levels[at - 12] ?? 0) < 2 * usual;
      if (isSurge && levels.subarray(at - 11, at).every((level) => level <= 4 * usual)) surges += 1;
    }
    expect(surges).toBeGreaterThan(8);
    expect(Math.max(...levels)).toBeGreaterThan(8);
  });

  it('steps hold for an hour and jump within one bucket', () => {
    const levels = relative(named('steps'));
    const jumps: number[] = [];
    for (let at = 1; at < levels.length; at += 1) {
      if (Math.abs(Math.log((levels[at] ?? 1) / (levels[at - 1] ?? 1))) > 0.5) jumps.push(at);
    }
    expect(jumps.length).toBeGreaterThan(5);
    for (const [at, jump] of jumps.entries())
      expect(jump - (jumps[at - 1] ?? -Infinity)).toBeGreaterThanOrEqual(60);
  });

  it('idle-gaps has many silences of 20 minutes to 5 hours between activities of up to 90 minutes', () => {
    const silences = runs(named('idle-gaps'), true).slice(1);
    expect(silences.length).toBeGreaterThan(15);
    expect(Math.min(...silences)).toBeGreaterThanOrEqual(1200);
    expect(Math.max(...silences)).toBeLessThanOrEqual(5 * 3600 + 10);
    expect(Math.max(...runs(named('idle-gaps'), false))).toBeLessThanOrEqual(5400 + 10);
  });

  it('ramps climb for an hour or more and never jump up', () => {
    const levels = relative(named('ramps'));
    const smooth = Array.from({ length: levels.length / 30 }, (_, at) =>
      levels.subarray(at * 30, at * 30 + 30).reduce((sum, level) => sum + level / 30, 0),
    );
    const top = Math.max(...smooth);
    for (let at = 1; at < smooth.length; at += 1)
      expect((smooth[at] ?? 0) - (smooth[at - 1] ?? 0)).toBeLessThan(top * 0.6);
    expect(top / Math.min(...smooth)).toBeGreaterThan(8);
  });

  it('on-off bursts for at most 8 minutes, out of nothing', () => {
    const bursts = runs(named('on-off'), false);
    expect(bursts.length).toBeGreaterThan(150);
    expect(Math.max(...bursts)).toBeLessThanOrEqual(490);
    expect(Math.min(...runs(named('on-off'), true))).toBeGreaterThanOrEqual(60);
  });
});
