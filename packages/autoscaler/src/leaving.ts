/** Which tasks leave when a service scales in, pure: those whose leaving costs least. */

/** What the choice looks at. */
export interface Candidate {
  readonly state: 'starting' | 'running';
  readonly busy: number;
  readonly startedAtMs: number;
  /** Whether it has reported lately; a silent task may be busier than it last said. */
  readonly isAnswering: boolean;
}

/** `count` tasks: starting ones first, then idle, then least busy; the youngest first among equals, silent ones last. */
export function leaving<Task extends Candidate>(tasks: readonly Task[], count: number): readonly Task[] {
  return tasks
    .toSorted((left, right) => cost(left) - cost(right) || right.startedAtMs - left.startedAtMs)
    .slice(0, Math.max(0, count));
}

function cost({ state, busy, isAnswering }: Candidate): number {
  if (state === 'starting') return -1;
  return isAnswering ? busy : Number.MAX_SAFE_INTEGER;
}
