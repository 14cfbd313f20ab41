/** When a worker's next report over the facts queue is due: soon when it matters to scaling, seldom otherwise. */
import type { Activity } from './heartbeat.ts';

/** A report that was sent, or tried. */
export interface LastReport extends Activity {
  readonly atMs: number;
  /** 0 to 1, new for each report, so that workers that started together do not report together. */
  readonly jitter: number;
}

/** Whether a worker is idle decides what scale-in may take, so that is told at once, but a flapping one costs no more. */
const EDGE_MS = 2_000;
/** The autoscaler looks every ten seconds; each look sees figures of its own interval. */
const WORKING_MS = 5_000;
/** Nothing is new: this says only that the worker lives. Three that are missed are 45 seconds. */
const QUIET_MS = 15_000;
/** Shortens only, so that the intervals above are the longest. */
const JITTER_SHARE = 0.2;

/** When the next report is due, given what is true now. */
export function nextReportAtMs(last: LastReport, { state, busy, ended }: Activity): number {
  const isEdge = last.state !== state || last.busy > 0 !== busy > 0;
  if (isEdge) return last.atMs + EDGE_MS;
  const isWorking = last.busy !== busy || last.ended !== ended;
  return last.atMs + (isWorking ? WORKING_MS : QUIET_MS) * (1 - JITTER_SHARE * last.jitter);
}
