/** Counts of calls and faults by action. */
import { FAULT_KINDS, type FaultKind } from './faults.ts';

/** What a proxy counted. */
export interface FaultFigures {
  readonly calls: number;
  readonly faults: number;
  /** Calls that were sent on to the endpoint. */
  readonly executed: number;
  readonly callsOf: ReadonlyMap<string, number>;
  readonly faultsOf: ReadonlyMap<string, ReadonlyMap<FaultKind, number>>;
}

/** Counts up. */
export class FaultCounter implements FaultFigures {
  calls = 0;
  faults = 0;
  executed = 0;
  readonly callsOf = new Map<string, number>();
  readonly faultsOf = new Map<string, Map<FaultKind, number>>();

  call(action: string): void {
    this.calls += 1;
    this.callsOf.set(action, (this.callsOf.get(action) ?? 0) + 1);
  }

  fault(action: string, kind: FaultKind): void {
    this.faults += 1;
    const kinds = this.faultsOf.get(action) ?? new Map<FaultKind, number>();
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    this.faultsOf.set(action, kinds);
  }
}

/** A table: one row per action, one column per kind. */
export function faultTable({ callsOf, faultsOf }: FaultFigures): string {
  const rows = [...callsOf.keys()].sort().map((action) => {
    const kinds = FAULT_KINDS.map((kind) => String(faultsOf.get(action)?.get(kind) ?? 0));
    return [action, String(callsOf.get(action) ?? 0), ...kinds];
  });
  return textTable(['action', 'calls', ...FAULT_KINDS], rows);
}

/** A table for the terminal: the first column to the left, the others to the right. */
export function textTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ');
  return [head, ...rows].map(line).join('\n');
}
