/** One statement that inserts many rows. */
import type { Row, Run, SqlValue } from '@longshore/sql';

/** Databases take 32,766 values (SQLite) and 65,535 (PostgreSQL) in a statement. */
const MAX_VALUES = 30_000;

/** Inserts rows, in as few statements as they fit in; `end` follows the values. Answers what the statements return. */
export async function insertRows(
  run: Run,
  into: string,
  rows: readonly (readonly SqlValue[])[],
  end: string,
): Promise<readonly Row[]> {
  const width = rows[0]?.length ?? 1;
  const most = Math.floor(MAX_VALUES / width);
  const returned: Row[] = [];
  for (let first = 0; first < rows.length; first += most) {
    const part = rows.slice(first, first + most);
    const places = part.map(
      (_, row) =>
        `(${Array.from({ length: width }, (__, column) => `$${row * width + column + 1}`).join(', ')})`,
    );
    returned.push(...(await run(`INSERT INTO ${into} VALUES ${places.join(', ')} ${end}`, part.flat())));
  }
  return returned;
}
