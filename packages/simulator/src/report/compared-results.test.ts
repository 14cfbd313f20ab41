import { describe, expect, it } from 'vitest';
import type { SimulationResult } from '../result.ts';
import { comparedResults } from './compared-results.ts';
import { sampleResult } from './fixtures/sample-result.ts';

const clairvoyant = sampleResult('clairvoyant', { taskSeconds: 8_000 });

describe('a comparison', () => {
  it('sets cost against the reference, late jobs against all jobs, changes against days', () => {
    const [reference, other] = comparedResults(
      [clairvoyant, sampleResult('ours', { late: 25, taskSeconds: 12_000, actions: 30 })],
      'clairvoyant',
    );
    expect(reference).toMatchObject({ isReference: true, costVsReference: 1 });
    expect(other).toMatchObject({
      isReference: false,
      lateShare: 0.025,
      costVsReference: 1.5,
      actionsPerDay: 60,
    });
  });

  it('of no jobs has no late ones and needs no waits', () => {
    const none = sampleResult('ours', {
      jobs: 0,
      p50WaitSeconds: NaN,
      p99WaitSeconds: NaN,
      maxWaitSeconds: NaN,
    });
    expect(comparedResults([none], 'ours')[0]).toMatchObject({ lateShare: 0, costVsReference: 1 });
  });

  it('with a reference that cost nothing has no ratio, unless nothing was spent', () => {
    const free = sampleResult('clairvoyant', { taskSeconds: 0 });
    const [same, other] = comparedResults([free, sampleResult('ours')], 'clairvoyant');
    expect(same?.costVsReference).toBe(1);
    expect(other?.costVsReference).toBeUndefined();
  });

  it.each<[string, SimulationResult, string]>([
    [
      'a negative count',
      sampleResult('x', { killedBusy: -1 }),
      'policy "x" has killedBusy -1, expected a number from 0',
    ],
    ['no number', sampleResult('x', { taskSeconds: NaN }), 'has taskSeconds NaN'],
    ['an unknown wait', sampleResult('x', { p99WaitSeconds: NaN }), 'has p99WaitSeconds NaN'],
    ['no time', sampleResult('x', { days: 0 }), 'has days 0, expected a number above 0'],
    [
      'more late jobs than jobs',
      sampleResult('x', { late: 1_001 }),
      'has late 1001, expected at most its 1000 jobs',
    ],
    ['more open jobs than jobs', sampleResult('x', { unfinished: 2_000 }), 'has unfinished 2000'],
    ['another trace', sampleResult('x', { trace: 'spikes' }), 'is of trace "spikes", expected "diurnal"'],
    ['the same policy again', sampleResult('clairvoyant'), 'stands there twice'],
  ])('refuses %s', (_what, result, message) => {
    expect(() => comparedResults([clairvoyant, result], 'clairvoyant')).toThrow(message);
  });

  it('without its reference names what there is', () => {
    expect(() => comparedResults([sampleResult('ours')], 'clairvoyant')).toThrow(
      'Cannot compare with policy "clairvoyant": there is no result of it, results are of ours',
    );
    expect(() => comparedResults([], 'clairvoyant')).toThrow('results are of none');
  });
});
