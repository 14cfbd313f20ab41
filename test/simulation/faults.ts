/** Which calls go wrong, and how: decided by a seed, over at a time. */
import type { Random } from './random.ts';

/** What a call is sent to. */
export type Port = 'queue' | 'objects';

/** A time in which calls are refused at once (throttling), or in which nothing is reached and calls hang. */
export interface Outage {
  readonly port: Port;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly kind: 'throttled' | 'unreachable';
}

/** Shares of calls, 0 to 1. Times are on the simulator's clock. */
export interface FaultMix {
  readonly lostRequests: number;
  /** Executed, but the reply is lost. */
  readonly lostReplies: number;
  readonly slowCalls: number;
  /** Of the entries of a batch. */
  readonly refusedEntries: number;
  /** Of received messages: delivered to another at the same time. */
  readonly duplicates: number;
  readonly outages: readonly Outage[];
  /** From here on nothing goes wrong. */
  readonly healAtMs: number;
}

/** What happens to one call. */
export interface Verdict {
  readonly requestMs: number;
  readonly replyMs: number;
  readonly isExecuted: boolean;
  readonly isAnswered: boolean;
  /** For the trace; absent when all is well. */
  readonly fault: string | undefined;
}

const THROTTLED_SHARE = 0.8;
/** A client that hears nothing gives up after about this long. */
const TIMEOUT_MS = 3_000;

/** The fate of a call that begins now. */
export function verdict(mix: FaultMix, port: Port, nowMs: number, random: Random): Verdict {
  const requestMs = random.between(1, 15);
  const replyMs = random.between(1, 15);
  const good: Verdict = { requestMs, replyMs, isExecuted: true, isAnswered: true, fault: undefined };
  if (nowMs >= mix.healAtMs) return good;
  const outage = mix.outages.find(
    (candidate) => candidate.port === port && nowMs >= candidate.fromMs && nowMs < candidate.untilMs,
  );
  if (outage?.kind === 'unreachable')
    return { ...good, replyMs: TIMEOUT_MS, isExecuted: false, isAnswered: false, fault: 'out of reach' };
  if (outage !== undefined && random.chance(THROTTLED_SHARE))
    return { ...good, isExecuted: false, isAnswered: false, fault: 'throttled' };
  if (random.chance(mix.lostRequests)) {
    const afterMs = random.chance(0.5) ? replyMs : TIMEOUT_MS;
    return { ...good, replyMs: afterMs, isExecuted: false, isAnswered: false, fault: 'request lost' };
  }
  if (random.chance(mix.lostReplies)) {
    const afterMs = random.chance(0.5) ? replyMs : TIMEOUT_MS;
    return { ...good, replyMs: afterMs, isAnswered: false, fault: 'reply lost' };
  }
  if (!random.chance(mix.slowCalls)) return good;
  const slowMs = random.between(200, TIMEOUT_MS);
  return random.chance(0.5)
    ? { ...good, requestMs: slowMs, fault: 'slow request' }
    : { ...good, replyMs: slowMs, fault: 'slow reply' };
}

/** A mix for one seed. Each kind is off in half of the seeds, so that rare bugs are not hidden behind common ones. */
export function drawFaults(random: Random, startMs: number, lengthMs: number): FaultMix {
  const share = (most: number): number => (random.chance(0.5) ? 0 : most * random.next());
  const isCalm = random.chance(0.1);
  const some = (most: number): number => (isCalm ? 0 : share(most));
  const mix = {
    lostRequests: some(0.1),
    lostReplies: some(0.1),
    slowCalls: some(0.1),
    refusedEntries: some(0.2),
    duplicates: some(0.15),
  };
  const outages = Array.from({ length: isCalm ? 0 : random.between(0, 2) }, (): Outage => {
    const fromMs = startMs + random.between(0, lengthMs);
    const untilMs = fromMs + random.between(500, 12_000);
    const port = random.pick<Port>(['queue', 'objects']);
    return { port, fromMs, untilMs, kind: random.pick<Outage['kind']>(['throttled', 'unreachable']) };
  });
  return { ...mix, outages, healAtMs: startMs + lengthMs };
}
