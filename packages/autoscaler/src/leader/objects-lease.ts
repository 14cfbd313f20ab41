/**
 * A lease in an object store: one object a term, made by conditional create, so that of several contenders exactly one
 * makes the next term. Its owner rewrites it to show that it lives.
 *
 * No two clocks are compared: a contender takes the lease when it has seen no sign of life for a whole lease by its own
 * clock, which is later than the owner stops by its own.
 */
import { LongshoreError, systemClock, type Clock } from '@longshore/job';
import { createJson, readJson, writeJson, type ObjectStore } from '@longshore/objects';
import { DEFAULT_LEASE_MS, LEASE_SAFETY_SHARE, type LeaderLease, type Leadership } from './leader-lease.ts';

/** Options of {@link objectsLease}. */
export interface ObjectsLeaseOptions {
  /** Its conditional create must be enforced: see `verifyConditionalCreate`. */
  readonly objects: ObjectStore;
  /** Name of this contender, its own: `host/pid/random`. */
  readonly holder: string;
  /** Before the keys. Default `autoscaler/leader`. */
  readonly prefix?: string;
  /** Default 30,000. */
  readonly leaseMs?: number;
  readonly clock?: Clock;
}

interface Term {
  readonly term: number;
  readonly beat: number;
  readonly isReleased: boolean;
}

/** A lease in an object store. One list and one write a renewal. */
export function objectsLease(options: ObjectsLeaseOptions): LeaderLease {
  return new ObjectsLease(options);
}

/** Digits of a term in a key, so that keys are in the order of terms. */
const TERM_DIGITS = 12;

class ObjectsLease implements LeaderLease {
  readonly #objects: ObjectStore;
  readonly #holder: string;
  readonly #prefix: string;
  readonly #leaseMs: number;
  readonly #clock: Clock;
  #own: { readonly term: number; readonly beat: number; readonly untilMs: number } | undefined;
  #seen: (Term & { readonly sinceMs: number }) | undefined;

  constructor({ objects, holder, prefix = 'autoscaler/leader', leaseMs, clock }: ObjectsLeaseOptions) {
    this.#objects = objects;
    this.#holder = holder;
    this.#prefix = prefix;
    this.#leaseMs = leaseMs ?? DEFAULT_LEASE_MS;
    this.#clock = clock ?? systemClock;
  }

  renew(): Promise<Leadership> {
    return this.#reaching(() => this.#renew());
  }

  release(): Promise<void> {
    return this.#reaching(async () => {
      const own = this.#own;
      if (own === undefined) return;
      this.#own = undefined;
      await this.#write(own.term, own.beat + 1, true);
    });
  }

  async #renew(): Promise<Leadership> {
    const nowMs = this.#clock.nowMs();
    const latest = await this.#latest();
    if (this.#own !== undefined && latest === this.#own.term && nowMs < this.#own.untilMs)
      return this.#keep(this.#own.term, this.#own.beat + 1);
    this.#own = undefined;
    if (latest === undefined) return this.#take(1);
    const current = await this.#read(latest);
    if (this.#seen?.term !== current.term || this.#seen.beat !== current.beat)
      this.#seen = { ...current, sinceMs: nowMs };
    const isOver = current.isReleased || nowMs - this.#seen.sinceMs >= this.#leaseMs;
    return isOver ? this.#take(latest + 1) : { isLeader: false, term: latest, untilMs: 0 };
  }

  async #keep(term: number, beat: number): Promise<Leadership> {
    const startedMs = this.#clock.nowMs();
    await this.#write(term, beat, false);
    return this.#leads(term, beat, startedMs);
  }

  async #take(term: number): Promise<Leadership> {
    const startedMs = this.#clock.nowMs();
    const { created } = await createJson(this.#objects, this.#key(term), this.#body(0, false));
    if (!created) return { isLeader: false, term, untilMs: 0 };
    await this.#forgetBefore(term);
    return this.#leads(term, 0, startedMs);
  }

  #leads(term: number, beat: number, startedMs: number): Leadership {
    const untilMs = startedMs + this.#leaseMs * (1 - LEASE_SAFETY_SHARE);
    this.#own = { term, beat, untilMs };
    return { isLeader: true, term, untilMs };
  }

  async #latest(): Promise<number | undefined> {
    let latest: number | undefined;
    for await (const { key } of this.#objects.list(`${this.#prefix}/`)) {
      const term = Number(key.slice(this.#prefix.length + 1, -'.json'.length));
      if (Number.isSafeInteger(term) && term > (latest ?? 0)) latest = term;
    }
    return latest;
  }

  async #read(term: number): Promise<Term> {
    const value = await readJson(this.#objects, this.#key(term));
    // Whatever stands there, a term that shows no other sign of life is over after a lease.
    if (typeof value !== 'object' || value === null) return { term, beat: -1, isReleased: false };
    const { beat, isReleased } = value as { readonly beat?: unknown; readonly isReleased?: unknown };
    return { term, beat: typeof beat === 'number' ? beat : -1, isReleased: isReleased === true };
  }

  #write(term: number, beat: number, isReleased: boolean): Promise<unknown> {
    return writeJson(this.#objects, this.#key(term), this.#body(beat, isReleased));
  }

  #body(beat: number, isReleased: boolean): object {
    return { holder: this.#holder, beat, isReleased };
  }

  /** Keeps the term before, for people who look who led. */
  async #forgetBefore(term: number): Promise<void> {
    if (term > 2) await this.#objects.delete(this.#key(term - 2));
  }

  #key(term: number): string {
    return `${this.#prefix}/${String(term).padStart(TERM_DIGITS, '0')}.json`;
  }

  async #reaching<Value>(act: () => Promise<Value>): Promise<Value> {
    try {
      return await act();
    } catch (cause) {
      throw new LongshoreError(
        'lease_unavailable',
        'Cannot reach the lease of the autoscaler in the object store',
        {
          cause,
          retryable: true,
        },
      );
    }
  }
}
