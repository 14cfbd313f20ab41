import { describe, expect, it } from 'vitest';
import type { CountDocument } from '../count-document.ts';
import { defineDataset, rowFaults } from '../define-dataset.ts';
import { GECKOBOARD_LIMITS } from '../geckoboard/geckoboard-sink.ts';
import { documentsPerHour } from './documents-per-hour.ts';
import { queueLatency } from './queue-latency.ts';
import { shippedDatasets } from './shipped-datasets.ts';
import type { TalliedDataset } from './tallied-dataset.ts';

const FACT: CountDocument = {
  documentId: 'a'.repeat(64),
  revision: 1,
  outcome: 'extracted',
  pages: 3,
  words: 900,
  finishedAt: '2026-03-01T10:59:59.999Z',
  waitedMs: 1_200,
  extractMs: 340,
};

function rowOf(dataset: TalliedDataset<CountDocument>, facts: readonly CountDocument[]) {
  const counters: Record<string, number> = {};
  const tallies = facts.map((fact) => dataset.tally(fact));
  for (const tally of tallies)
    for (const [name, value] of Object.entries(tally?.add ?? {}))
      counters[name] = (counters[name] ?? 0) + value;
  return dataset.row(tallies[0]?.key ?? '', counters);
}

describe('the datasets of the fleet', () => {
  it.each(shippedDatasets.map((each) => [each.dataset.id, each] as const))(
    '%s is one that Geckoboard takes',
    (_, each) => {
      expect(defineDataset(each.dataset, GECKOBOARD_LIMITS)).toBe(each.dataset);
      for (const outcome of ['extracted', 'rejected'] as const) {
        const row = rowOf(each, [{ ...FACT, outcome, code: 'out_of_memory' }]);
        expect(rowFaults(each.dataset, row, GECKOBOARD_LIMITS)).toEqual([]);
      }
    },
  );

  it('count documents, pages and words by hour and outcome', () => {
    expect(rowOf(documentsPerHour, [FACT, { ...FACT, pages: 1, words: 0 }])).toEqual({
      hour: '2026-03-01T10:00:00.000Z',
      outcome: 'extracted',
      documents: 2,
      pages: 4,
      words: 900,
    });
    const rejected = {
      ...FACT,
      outcome: 'rejected',
      code: 'encrypted',
      finishedAt: '2026-03-01T12:30:00+01:00',
    } as const;
    expect(rowOf(documentsPerHour, [rejected])).toMatchObject({
      hour: '2026-03-01T11:00:00.000Z',
      outcome: 'encrypted',
    });
  });

  it('tell percentiles of waiting and of work by hour', () => {
    const facts = Array.from({ length: 100 }, (_, n) => ({
      ...FACT,
      waitedMs: (n + 1) * 100,
      extractMs: 50,
    }));
    const row = rowOf(queueLatency, facts);
    expect(row).toMatchObject({ hour: '2026-03-01T10:00:00.000Z', documents: 100 });
    for (const [name, exact] of [
      ['waited_p50', 5_000],
      ['waited_p95', 9_500],
      ['waited_p99', 9_900],
      ['extracted_p95', 50],
    ] as const)
      expect(Math.abs(Number(row[name]) / exact - 1)).toBeLessThan(0.1);
  });
});
