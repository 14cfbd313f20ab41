/** Peak resident memory of a process and of each of its descendants, as the kernel counts it. Linux only. */
import { readFileSync } from 'node:fs';

const LOOK_EVERY_MS = 10;
const KIB = 1_024;

/** What was seen so far, in bytes. */
export interface PeakMemory extends Disposable {
  /** The process itself. */
  own(): number;
  /** Each descendant that ever lived while this looked. */
  descendants(): readonly number[];
}

/** Looks until it is disposed. The kernel keeps the peaks itself, so that only growth in a process' last moments is missed. */
export function watchPeakMemory(pid: number): PeakMemory {
  const peaks = new Map<number, number>();
  const look = (): void => {
    for (const each of familyOf(pid)) peaks.set(each, Math.max(peaks.get(each) ?? 0, peakBytes(each)));
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  look();
  return {
    own: () => peaks.get(pid) ?? 0,
    descendants: () => [...peaks].flatMap(([each, bytes]) => (each === pid ? [] : [bytes])),
    [Symbol.dispose]: () => {
      look();
      clearInterval(timer);
    },
  };
}

function familyOf(pid: number): number[] {
  const children = read(`/proc/${pid}/task/${pid}/children`).trim().split(' ').filter(Boolean).map(Number);
  return [pid, ...children.flatMap(familyOf)];
}

function peakBytes(pid: number): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) * KIB;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // It has ended.
    return '';
  }
}
