import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { linePath, stepArea, stepColumns, stepPath } from './step-columns.ts';

const HOURS_72 = 72 * 3_600;
const scale = { end: 10, height: 100, top: 50 };

describe('columns of steps', () => {
  it('keep a spike of one second in three days, and a dip', () => {
    const values = Array.from({ length: HOURS_72 }, () => 10);
    values[123_456] = 900;
    values[200_001] = 0;
    const columns = stepColumns({ at: (index) => (index * 720) / HOURS_72, values });
    expect(columns).toHaveLength(720);
    expect(Math.max(...columns.map(({ highest }) => highest))).toBe(900);
    expect(Math.min(...columns.map(({ lowest }) => lowest))).toBe(0);
    expect(columns.filter(({ highest, lowest }) => highest !== lowest)).toHaveLength(2);
  });

  it('keep first, last and range of every column, whatever the values', () => {
    const any = fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(any, fc.integer({ min: 1, max: 40 }), (values, perColumn) => {
        const columns = stepColumns({ at: (index) => index / perColumn, values });
        expect(columns).toHaveLength(Math.ceil(values.length / perColumn));
        for (const { column, first, lowest, highest, last } of columns) {
          const own = values.slice(column * perColumn, (column + 1) * perColumn);
          expect([first, lowest, highest, last]).toEqual([
            own[0],
            Math.min(...own),
            Math.max(...own),
            own.at(-1),
          ]);
        }
      }),
    );
  });

  it('of nothing draw nothing', () => {
    expect(stepColumns({ at: (index) => index, values: [] })).toEqual([]);
    expect([stepPath([], scale), stepArea([], scale), linePath([], scale)]).toEqual(['', '', '']);
  });
});

describe('a path', () => {
  const path = (values: readonly number[], perColumn = 1): string =>
    stepPath(stepColumns({ at: (index) => index / perColumn, values }), scale);

  it('holds each value until the next and ends with the time', () => {
    expect(path([0, 25, 25, 50])).toBe('M0 100h1v-50h2v-50h7');
  });

  it('reaches the highest and the lowest value within a column', () => {
    expect(path([10, 50, 0, 10], 4)).toBe('M0 80v-80v100v-20h10');
  });

  it('stays inside the drawing', () => {
    expect(path([70, 10])).toBe('M0 0h1v80h9');
    expect(stepPath([{ column: 0, first: 1, lowest: 1, highest: 1, last: 1 }], { ...scale, top: 0 })).toBe(
      'M0 100h10',
    );
  });

  it('of one value is a line, and an area down to zero', () => {
    expect(path([25])).toBe('M0 50h10');
    expect(stepArea(stepColumns({ at: () => 0, values: [25] }), scale)).toBe('M0 50h10V100H0Z');
  });

  it('of a rising total goes through the end of each column', () => {
    expect(linePath(stepColumns({ at: (index) => index / 2, values: [10, 20, 30, 50] }), scale)).toBe(
      'M1 60L2 0',
    );
  });
});
