import { expect, test } from 'vitest';
import { checkedSink } from './checked-sink.ts';
import type { DashboardSink, Row } from './dashboard-sink.ts';
import { conformanceDataset, measured, thrownBy } from './fixtures/stage.ts';

const dataset = conformanceDataset('any');

/** A sink that remembers what reached it. */
function remembering(): DashboardSink & { readonly pushes: (readonly Row[])[] } {
  const pushes: (readonly Row[])[] = [];
  return checkedSink({
    name: 'memory',
    limits: { rowsPerRequest: 20 },
    isLocal: true,
    pushes,
    describe: () => Promise.resolve(),
    push(_, rows) {
      pushes.push(rows);
      return Promise.resolve();
    },
    remove: () => Promise.resolve(),
  });
}

test('of rows with the same key the last one goes out', async () => {
  const sink = remembering();
  await sink.push(dataset, [measured('pdf', 1), measured('index', 1), measured('pdf', 2)], 'merge');
  expect(sink.pushes).toEqual([[measured('pdf', 2), measured('index', 1)]]);
});

test('nothing goes out for nothing, unless it replaces what is there', async () => {
  const sink = remembering();
  await sink.push(dataset, [], 'merge');
  await sink.push(dataset, [], 'replace');
  expect(sink.pushes).toEqual([[]]);
});

test('all faults of all rows are told, the first ten of them in words', async () => {
  const sink = remembering();
  const bad = Array.from({ length: 12 }, (_, index) => ({ ...measured('pdf', index), at: 'noon' }));
  const error = await thrownBy(sink.push(dataset, [measured('index', 1), ...bad], 'merge'));
  expect(error).toMatchObject({
    code: 'dashboard_refused',
    message: expect.stringMatching(
      /^Cannot push rows of "any" to memory: row 1: field "at" must be .*"noon"; .* and 2 more; check rows with rowFaults/,
    ) as string,
  });
  expect(error).toHaveProperty('details.faults.length', 12);
  expect(sink.pushes).toEqual([]);
});
