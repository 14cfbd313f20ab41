import { describe, expect, it } from 'vitest';
import { sampleResult } from './fixtures/sample-result.ts';
import { resultJson } from './result-json.ts';
import { resultTable } from './result-table.ts';

const results = [
  sampleResult('clairvoyant', { taskSeconds: 8_000 }),
  sampleResult('keda-default', {
    late: 3,
    taskSeconds: 27_760,
    killedBusy: 1_234,
    actions: 525,
    peakTasks: 300,
  }),
];

describe('the table of results', () => {
  it('has a text in each column of each row', () => {
    const { columns, rows } = resultTable(results, 'clairvoyant');
    expect(columns.map(({ header }) => header)).toEqual([
      'policy',
      'late',
      'cost',
      'killed',
      'changes/day',
      'p50 wait',
      'p99 wait',
      'peak tasks',
    ]);
    expect(rows).toEqual([
      {
        policy: 'clairvoyant',
        isReference: true,
        lateShare: 0,
        cells: ['clairvoyant', '0 %', '1.00x', '0', '20', '1.5s', '42s', '7'],
      },
      {
        policy: 'keda-default',
        isReference: false,
        lateShare: 0.003,
        cells: ['keda-default', '0.30 %', '3.47x', '1,234', '1,050', '1.5s', '42s', '300'],
      },
    ]);
  });

  it('never shows a small share as none', () => {
    const rare = sampleResult('clairvoyant', { jobs: 10_000_000, late: 1 });
    expect(resultTable([rare], 'clairvoyant').rows[0]?.cells[1]).toBe('<0.01 %');
  });

  it('says nothing of waits where nothing waited', () => {
    const none = sampleResult('clairvoyant', {
      jobs: 0,
      p50WaitSeconds: NaN,
      p99WaitSeconds: NaN,
      maxWaitSeconds: NaN,
    });
    expect(resultTable([none], 'clairvoyant').rows[0]?.cells.slice(5, 7)).toEqual(['–', '–']);
  });
});

describe('results as JSON', () => {
  it('have exactly the keys that readers rely on', () => {
    expect(resultJson(results, 'clairvoyant')[1]).toEqual({
      trace: 'diurnal',
      policy: 'keda-default',
      overObjective: 0.003,
      costVsBound: 3.47,
      killedBusy: 1_234,
      actionsPerDay: 1_050,
      p50WaitS: 1.5,
      p99WaitS: 42,
      peakTasks: 300,
    });
  });

  it('survive being written and read', () => {
    const free = sampleResult('clairvoyant', { taskSeconds: 0 });
    const none = sampleResult('ours', {
      jobs: 0,
      p50WaitSeconds: NaN,
      p99WaitSeconds: NaN,
      maxWaitSeconds: NaN,
    });
    const json = resultJson([free, none], 'clairvoyant');
    expect(JSON.parse(JSON.stringify(json))).toEqual(json);
    expect(json[1]).toMatchObject({ costVsBound: null, p50WaitS: 0, p99WaitS: 0 });
  });
});
