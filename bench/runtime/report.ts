/** Rows as a table for people and as one JSON object for programs. */
import { holds, type Bar } from './figures.ts';
import type { Row } from './collect.ts';
import { readable } from './readable.ts';

const HEADERS = ['figure', 'must', 'aim', 'ours', 'peer', 'unit', 'ratio', 'held'] as const;
const NUMBERS = new Set<string>(['must', 'aim', 'ours', 'peer', 'ratio']);

/** The table, and below it what each figure compares. */
export function reportTable(rows: readonly Row[]): string {
  const cells = rows.map(cellsOf);
  const widths = HEADERS.map((header, column) =>
    Math.max(header.length, ...cells.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]): string =>
    HEADERS.map((header, column) => {
      const width = widths[column] ?? 0;
      const cell = row[column] ?? '';
      return NUMBERS.has(header) ? cell.padStart(width) : cell.padEnd(width);
    })
      .join('  ')
      .trimEnd();
  const keyWidth = Math.max(...rows.map(({ figure }) => figure.key.length));
  const meanings = rows
    .filter(({ transport }) => transport === undefined)
    .map(({ figure: { key, title, peer } }) => {
      const comparison = peer === undefined ? '' : `, beside ${peer}`;
      return `  ${key.padEnd(keyWidth)}  ${title}${comparison}`;
    });
  const missed = rows.filter(({ figure, value }) => !holds(figure.bar, value)).length;
  const verdict = missed === 0 ? `All ${rows.length} held` : `${missed} of ${rows.length} MISSED their bar`;
  return [line(HEADERS), ...cells.map(line), '', ...meanings, '', verdict].join('\n');
}

/** The figures by key in their order, then both sides of each; other transports under their own name. */
export function reportJson(rows: readonly Row[], transport?: string): Readonly<Record<string, unknown>> {
  const own = rows.filter((row) => row.transport === transport);
  const others = [...new Set(rows.map((row) => row.transport))].filter(
    (name): name is string => name !== undefined && transport === undefined,
  );
  return {
    ...Object.fromEntries(own.map(({ figure, value }) => [figure.key, rounded(value)])),
    raw: Object.fromEntries(
      own.map(({ figure, ours, peer, runs }) => [
        figure.key,
        {
          ours: rounded(ours),
          peer: peer === undefined ? null : rounded(peer),
          unit: figure.unit,
          runs: { ours: runs.ours.map(rounded), peer: runs.peer.map(rounded) },
        },
      ]),
    ),
    ...Object.fromEntries(others.map((name) => [name, reportJson(rows, name)])),
  };
}

function cellsOf({ figure, transport, value, ours, peer }: Row): readonly string[] {
  const { bar, key, unit } = figure;
  return [
    transport === undefined ? key : `${key} (${transport})`,
    bound(bar, bar.must),
    bar.aim === undefined ? '–' : bound(bar, bar.aim),
    readable(ours),
    peer === undefined ? '–' : readable(peer),
    unit,
    peer === undefined ? '–' : readable(figure.value === 'ratio' ? value : ours / peer),
    verdictOf(bar, value),
  ];
}

function bound({ sense }: Bar, limit: number): string {
  return `${sense === 'at most' ? '≤' : '≥'} ${readable(limit)}`;
}

function verdictOf(bar: Bar, value: number): string {
  if (!holds(bar, value)) return 'MISSED';
  const { aim } = bar;
  return aim !== undefined && holds({ ...bar, must: aim }, value) ? 'held, aim reached' : 'held';
}

function rounded(value: number): number | null {
  return Number.isFinite(value) ? Number(value.toPrecision(5)) : null;
}
