/**
 * Reduces a long step function to one entry a pixel column without losing its extremes: a spike of one second in three
 * days stays as high as it was. (M4: first, last, lowest and highest value of each column draw the same pixels as all.)
 */

/** A step function: from `at[i]` on it has the value `values[i]`. */
export interface Steps {
  /** Ascending positions in columns, from 0. */
  readonly at: (index: number) => number;
  readonly values: readonly number[];
}

/** What happened in one column. Columns without a step are left out: the value before them holds. */
export interface StepColumn {
  readonly column: number;
  readonly first: number;
  readonly lowest: number;
  readonly highest: number;
  readonly last: number;
}

/** The columns of a step function. Order of the values inside a column is lost, their range is not. */
export function stepColumns({ at, values }: Steps): readonly StepColumn[] {
  const columns: StepColumn[] = [];
  values.forEach((value, index) => {
    const column = Math.floor(at(index));
    const open = columns.at(-1);
    if (open === undefined || open.column !== column) {
      columns.push({ column, first: value, lowest: value, highest: value, last: value });
      return;
    }
    columns[columns.length - 1] = {
      ...open,
      lowest: Math.min(open.lowest, value),
      highest: Math.max(open.highest, value),
      last: value,
    };
  });
  return columns;
}

/** How columns are drawn. */
export interface PathScale {
  /** Where the last value ends, in columns. */
  readonly end: number;
  /** Height of the drawing; y grows downwards. */
  readonly height: number;
  /** The value at the top. Higher ones are drawn there. */
  readonly top: number;
}

/**
 * Path data of the columns, in whole numbers, relative because that is shorter, and without moves that draw nothing.
 * Empty for no columns.
 */
export function stepPath(columns: readonly StepColumn[], scale: PathScale): string {
  const [start] = columns;
  if (start === undefined) return '';
  let y = yOf(start.first, scale);
  let x = start.column;
  const parts = [`M${x} ${y}`];
  for (const { column, lowest, highest, last } of columns) {
    // The range of a column is one stroke; where the column began is on it.
    const stops = [highest, lowest, last].map((value) => yOf(value, scale));
    if (stops.every((stop) => stop === y)) continue;
    if (column > x) parts.push(`h${column - x}`);
    x = column;
    for (const stop of stops) {
      if (stop !== y) parts.push(`v${stop - y}`);
      y = stop;
    }
  }
  const end = Math.round(scale.end);
  if (end > x) parts.push(`h${end - x}`);
  return parts.join('');
}

/** The same as an area down to zero. */
export function stepArea(columns: readonly StepColumn[], scale: PathScale): string {
  const [start] = columns;
  return start === undefined ? '' : `${stepPath(columns, scale)}V${scale.height}H${start.column}Z`;
}

/** Path data of a line through the last value of each column: for what only rises, where steps would say nothing. */
export function linePath(columns: readonly StepColumn[], scale: PathScale): string {
  return columns
    .map(({ column, last }, index) => `${index === 0 ? 'M' : 'L'}${column + 1} ${yOf(last, scale)}`)
    .join('');
}

function yOf(value: number, { height, top }: PathScale): number {
  if (top <= 0) return height;
  return Math.round(height - (Math.min(Math.max(value, 0), top) / top) * height);
}
