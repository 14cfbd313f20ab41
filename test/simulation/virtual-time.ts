/**
 * Virtual time: a heap of timers, run one by one in order of time, then of making. Time stands still while code runs.
 */
import type { Clock, Timer } from '@longshore/job';

/** A clock that the simulator turns. */
export interface VirtualTime extends Clock {
  /** Goes to the next timer and runs it. `false` when there is none. */
  step(): boolean;
}

interface Entry {
  readonly atMs: number;
  readonly order: number;
  callback: (() => void) | undefined;
}

/** Virtual time from a moment on. */
export function virtualTime(startMs: number): VirtualTime {
  const heap: Entry[] = [];
  let nowMs = startMs;
  let made = 0;
  return {
    nowMs: () => nowMs,
    after(delayMs, callback): Timer {
      made += 1;
      const entry: Entry = { atMs: nowMs + Math.max(0, Math.ceil(delayMs)), order: made, callback };
      push(heap, entry);
      return { cancel: () => void (entry.callback = undefined) };
    },
    step() {
      for (let entry = pop(heap); entry !== undefined; entry = pop(heap)) {
        const { callback } = entry;
        if (callback === undefined) continue;
        nowMs = entry.atMs;
        entry.callback = undefined;
        callback();
        return true;
      }
      return false;
    },
  };
}

function isBefore(left: Entry, right: Entry): boolean {
  return left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order);
}

function push(heap: Entry[], entry: Entry): void {
  let index = heap.length;
  heap.push(entry);
  while (index > 0) {
    const above = (index - 1) >> 1;
    const parent = heap[above];
    if (parent === undefined || !isBefore(entry, parent)) break;
    heap[index] = parent;
    index = above;
  }
  heap[index] = entry;
}

function pop(heap: Entry[]): Entry | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (first === undefined || last === undefined || first === last) return first;
  let index = 0;
  for (;;) {
    let below = 2 * index + 1;
    let child = heap[below];
    const right = heap[below + 1];
    if (child !== undefined && right !== undefined && isBefore(right, child)) {
      below += 1;
      child = right;
    }
    if (child === undefined || !isBefore(child, last)) break;
    heap[index] = child;
    index = below;
  }
  heap[index] = last;
  return first;
}
