/** Reads scaling records page by page, and again and again for those that come. */
import type { Ledger, ScalingRecord } from '@longshore/ledger';

const PAGE = 10_000;
/** A controller writes its records soon, but not at once: those of the last minute are looked for again. */
const LATE_MS = 60_000;

/** Which records. */
export interface DecisionQuery {
  readonly service?: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly changesOnly: boolean;
}

/** All records of a period, oldest first. */
export async function* decisionsOf(
  ledger: Pick<Ledger, 'scaling'>,
  query: DecisionQuery,
): AsyncGenerator<ScalingRecord, void, undefined> {
  let { fromMs } = query;
  for (;;) {
    const page = await ledger.scaling({ ...query, fromMs, limit: PAGE });
    const last = page.at(-1);
    if (last === undefined) return;
    if (page.length < PAGE) {
      yield* page;
      return;
    }
    // The last moment may go on in the next page, so it is read there; unless it alone fills one.
    const whole = page.filter(({ atMs }) => atMs < last.atMs);
    yield* whole.length === 0 ? page : whole;
    fromMs = whole.length === 0 ? last.atMs + 1 : last.atMs;
  }
}

/** Remembers what was shown, so that a second look at the same minute shows only what is new. */
export class Follower {
  readonly #ledger: Pick<Ledger, 'scaling'>;
  readonly #query: DecisionQuery;
  #seen = new Map<string, number>();

  constructor(ledger: Pick<Ledger, 'scaling'>, query: DecisionQuery) {
    this.#ledger = ledger;
    this.#query = query;
  }

  /** Records up to now that were not given before, oldest first. The first call gives those of the whole period. */
  async next(nowMs: number): Promise<readonly ScalingRecord[]> {
    const fromMs = this.#seen.size === 0 ? this.#query.fromMs : Math.max(this.#query.fromMs, nowMs - LATE_MS);
    const fresh: ScalingRecord[] = [];
    for await (const record of decisionsOf(this.#ledger, { ...this.#query, fromMs, toMs: nowMs + 1 })) {
      const key = `${record.atMs} ${record.service}`;
      if (this.#seen.has(key)) continue;
      this.#seen.set(key, record.atMs);
      fresh.push(record);
    }
    for (const [key, atMs] of this.#seen)
      if (atMs < nowMs - 2 * LATE_MS && this.#seen.size > 1) this.#seen.delete(key);
    return fresh;
  }
}
