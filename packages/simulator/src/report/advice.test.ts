import { describe, expect, it } from 'vitest';
import { advice, type AdviceOptions } from './advice.ts';
import { sampleResult } from './fixtures/sample-result.ts';

const options: AdviceOptions = {
  reference: 'clairvoyant',
  objectiveSeconds: 60,
  percentile: 99,
  startupSeconds: 35,
  maxTasks: 40,
};
const reference = sampleResult('clairvoyant', { taskSeconds: 10_000 });
const dear = sampleResult('dear', { taskSeconds: 20_000, late: 10 });
const cheap = sampleResult('cheap', { taskSeconds: 12_000, late: 5 });
const late = sampleResult('late', { taskSeconds: 10_100, late: 11 });

describe('advice', () => {
  it('names the cheapest policy that holds the objective, not one that is late too often', () => {
    expect(advice([reference, dear, cheap, late], options)).toEqual({
      kind: 'holds',
      policy: 'cheap',
      text: 'cheap is the cheapest policy that holds 1m for 99 % of the jobs: 1.20x the clairvoyant cost, 0.50 % late, no job killed',
    });
  });

  it('says what the cheapest one kills, and which one does not', () => {
    const deadly = { ...cheap, policy: 'deadly', taskSeconds: 11_000, killedBusy: 1_050 };
    expect(advice([reference, deadly, cheap], options).text).toContain(
      'but 1,050 jobs killed at work; cheap kills none at 1.20x',
    );
    expect(advice([reference, deadly], options).text).toContain('every policy that holds it kills jobs');
  });

  it('says which comes closest where only the reference holds it, and what would help', () => {
    expect(advice([reference, late, { ...late, policy: 'later', late: 900 }], options)).toEqual({
      kind: 'missed',
      policy: 'late',
      text: 'No policy holds 1m for 99 % of the jobs; late comes closest with 1.10 % late: the load rises faster than tasks start, in 35s: keep tasks warm with a higher minimum, use a smaller image, or allow a longer wait',
    });
  });

  it('says that the objective is infeasible where not even the reference holds it', () => {
    const results = [{ ...reference, late: 500 }, late];
    expect(advice(results, { ...options, objectiveSeconds: 30 })).toMatchObject({ kind: 'infeasible' });
    expect(advice(results, { ...options, objectiveSeconds: 30 }).text).toContain(
      'not even one that knows the future: 30s in queue cannot be met by starting tasks, since a task takes 35s to start',
    );
  });

  it('doubts costs that are relative to a reference that is late too often', () => {
    expect(advice([{ ...reference, late: 90 }, cheap], options).text).toContain(
      'no job killed; the reference itself is late too often, so costs say little here',
    );
  });

  it('blames the most tasks where the load reaches them', () => {
    const results = [{ ...reference, late: 500, peakTasks: 40 }, late];
    expect(advice(results, options).text).toContain('the load needs more than 40 tasks');
    const capped = { ...late, peakTasks: 40 };
    expect(advice([reference, capped], options).text).toContain('the load needs more than 40 tasks');
    expect(advice([reference, capped], { ...options, objectiveSeconds: 30 }).text).toContain(
      'cannot be met by starting tasks',
    );
    const greedy = { ...late, policy: 'greedy', late: 900, peakTasks: 40 };
    expect(advice([reference, late, greedy], options).text).not.toContain('the load needs more');
  });

  it('has no policy to name where only the reference ran', () => {
    expect(advice([reference], options)).not.toHaveProperty('policy');
  });
});
