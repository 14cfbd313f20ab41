/** Things that happen at their time, on a clock that a test or the machine moves. */
import type { Clock, Timer } from '@longshore/job';

interface Entry {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

/** What is due, in order. */
export interface Timeline {
  /** The time that the world has reached: while something happens, its own time. */
  nowMs(): number;
  at(delayMs: number, run: () => void): void;
  /** Has everything happen that is due by the clock's time. */
  catchUp(): void;
  close(): void;
}

/** Wakes up by the clock's timers, and whenever somebody calls `catchUp`. */
export function timeline(clock: Clock): Timeline {
  let entries: Entry[] = [];
  let nowMs = clock.nowMs();
  let count = 0;
  let timer: Timer | undefined;
  let isClosed = false;
  let isRunning = false;

  const insert = (entry: Entry): void => {
    let place = entries.length;
    while (place > 0 && (entries[place - 1]?.atMs ?? 0) > entry.atMs) place -= 1;
    entries.splice(place, 0, entry);
  };
  const wakeLater = (): void => {
    timer?.cancel();
    const next = entries[0];
    if (next === undefined || isClosed) return;
    timer = clock.after(Math.max(0, Math.ceil(next.atMs - clock.nowMs())), catchUp);
  };
  function catchUp(): void {
    if (isRunning || isClosed) return;
    isRunning = true;
    const untilMs = clock.nowMs();
    try {
      for (let next = entries[0]; next !== undefined && next.atMs <= untilMs; next = entries[0]) {
        entries = entries.slice(1);
        nowMs = Math.max(nowMs, next.atMs);
        next.run();
      }
      nowMs = Math.max(nowMs, untilMs);
    } finally {
      isRunning = false;
      wakeLater();
    }
  }
  return {
    nowMs: () => nowMs,
    at(delayMs, run) {
      count += 1;
      insert({ atMs: nowMs + Math.max(0, delayMs), order: count, run });
      if (!isRunning) wakeLater();
    },
    catchUp,
    close() {
      isClosed = true;
      timer?.cancel();
      entries = [];
    },
  };
}
