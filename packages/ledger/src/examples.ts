/**
 * Which attempts a person can look at later: of each batch those that went wrong, and of each minute the slowest that
 * went well and one taken by chance. A worker that runs a job a minute keeps them all.
 */
import type { JobExample } from './ledger.ts';
import { plainText, type EndedAttempt } from './tally.ts';

const MAX_REASON_CHARACTERS = 500;
/** What goes well is told less often than what goes wrong: on a busy fleet it would fill the store. */
const WELL_EVERY_MS = 60_000;

/** Examples since they were last taken. */
export class Examples {
  readonly #maxFailures: number;
  readonly #random: () => number;
  /** The last ones: what goes wrong now is what somebody looks for. Buried jobs are kept apart, since they stay failed. */
  #buried: EndedAttempt[] = [];
  #failed: EndedAttempt[] = [];
  #slowest: EndedAttempt | undefined;
  #sample: EndedAttempt | undefined;
  #seen = 0;
  #wellAtMs = -Infinity;

  /** @param maxFailures as many buried jobs, and as many other attempts that went wrong */
  constructor(maxFailures: number, random: () => number) {
    this.#maxFailures = maxFailures;
    this.#random = random;
  }

  /** Takes an attempt if it is worth it. It must not change afterwards. */
  offer(attempt: EndedAttempt): void {
    switch (attempt.outcome.kind) {
      case 'buried':
        this.#push(this.#buried, attempt);
        return;
      case 'retried':
      case 'lost':
        this.#push(this.#failed, attempt);
        return;
      case 'completed':
        this.#seen += 1;
        if (attempt.ranMs > (this.#slowest?.ranMs ?? -1)) this.#slowest = attempt;
        // Each of n with probability 1/n: all are equally likely to be the one in the end.
        if (this.#random() * this.#seen < 1) this.#sample = attempt;
        return;
      case 'released':
      case 'duplicate':
    }
  }

  take(nowMs: number): readonly JobExample[] {
    const wrong = [...this.#buried, ...this.#failed].map(exampleOf);
    this.#buried = [];
    this.#failed = [];
    return [...wrong, ...this.#takeWell(nowMs).map(exampleOf)];
  }

  #takeWell(nowMs: number): readonly EndedAttempt[] {
    if (this.#seen === 0 || nowMs - this.#wellAtMs < WELL_EVERY_MS) return [];
    const well = new Set([this.#slowest, this.#sample].filter((attempt) => attempt !== undefined));
    this.#slowest = undefined;
    this.#sample = undefined;
    this.#seen = 0;
    this.#wellAtMs = nowMs;
    return [...well];
  }

  #push(list: EndedAttempt[], attempt: EndedAttempt): void {
    list.push(attempt);
    if (list.length > this.#maxFailures) list.shift();
  }
}

function exampleOf({ job, id, outcome, attempt, waitedMs, ranMs, endedAtMs }: EndedAttempt): JobExample {
  const told = 'code' in outcome ? outcome : undefined;
  return {
    atMs: Math.round(endedAtMs),
    job: plainText(job),
    outcome: outcome.kind,
    attempt,
    waitedMs,
    ranMs,
    ...(id === undefined ? {} : { id: plainText(id) }),
    ...(told === undefined
      ? {}
      : { code: plainText(told.code), reason: plainText(told.reason, MAX_REASON_CHARACTERS) }),
  };
}
