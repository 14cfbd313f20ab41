/** Long polls on the server: who waits for a message, and who gets it. A poll that was given up may still be served. */
import type { Timer } from '@longshore/job';
import type { Ledger } from './ledger.ts';
import type { Random } from './random.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { Delivery, SimulatedSqs } from './simulated-sqs.ts';
import type { FaultMix } from './faults.ts';
import type { VirtualTime } from './virtual-time.ts';

/** What a receive asks for. */
export interface PollRequest {
  readonly process: SimulatedProcess;
  readonly max: number;
  readonly waitMs: number;
  readonly leaseMs: number;
}

/** One receive. */
export interface Poll {
  /** Its caller wants no answer any more. */
  readonly isGivenUp: boolean;
  /** It reached the server. */
  begin(answer: (deliveries: readonly Delivery[]) => void): void;
  giveUp(): void;
}

/** All receives of a queue. */
export interface Waiters {
  poll(request: PollRequest): Poll;
  /** Messages may have become visible. */
  look(): void;
}

interface Waiting {
  readonly request: PollRequest;
  readonly answer: (deliveries: readonly Delivery[]) => void;
  isOver: boolean;
  timer: Timer | undefined;
}

/** How long the server takes to see that a connection is gone. */
const NOTICE_MS = 20;

/** Polls on a queue. */
export function waiters(options: {
  readonly sqs: SimulatedSqs;
  readonly time: VirtualTime;
  readonly mix: FaultMix;
  readonly random: Random;
  readonly ledger: Ledger;
}): Waiters {
  const { sqs, time, mix, random, ledger } = options;
  let waiting: Waiting[] = [];
  let nextLookMs = Number.POSITIVE_INFINITY;

  const isDuplicate = (): boolean => time.nowMs() < mix.healAtMs && random.chance(mix.duplicates);

  const take = ({ process, max, leaseMs }: PollRequest, isGivenUp: boolean): readonly Delivery[] => {
    const deliveries = sqs.take(max, leaseMs, process.name, isDuplicate);
    for (const { stored } of deliveries) {
      if (isGivenUp) ledger.explain(stored, 'poll given up');
      else if (process.isDead) ledger.explain(stored, 'receiver died');
      else if (process.isFrozen) ledger.explain(stored, 'receiver frozen');
    }
    return deliveries;
  };

  const look = (): void => {
    for (const waiter of waiting) {
      if (waiter.request.process.isDead) waiter.isOver = true;
      if (sqs.nextVisibleMs() > time.nowMs()) break;
      if (waiter.isOver) continue;
      const deliveries = take(waiter.request, false);
      if (deliveries.length > 0) end(waiter, deliveries);
    }
    waiting = waiting.filter((waiter) => !waiter.isOver);
    lookAgain();
  };

  /** A message becomes visible by itself when its delay or its lease is over. */
  const lookAgain = (): void => {
    const nextMs = sqs.nextVisibleMs();
    if (waiting.length === 0 || nextMs === Number.POSITIVE_INFINITY) return;
    if (nextLookMs > time.nowMs() && nextLookMs <= nextMs) return;
    nextLookMs = nextMs;
    time.after(nextMs - time.nowMs(), look);
  };

  const end = (waiter: Waiting, deliveries: readonly Delivery[]): void => {
    if (waiter.isOver) return;
    waiter.isOver = true;
    waiter.timer?.cancel();
    waiter.answer(deliveries);
  };

  return {
    look,
    poll(request) {
      let mine: Waiting | undefined;
      let isGivenUp = false;
      let served: readonly Delivery[] = [];
      return {
        get isGivenUp() {
          return isGivenUp;
        },
        begin(answer) {
          const serve = (deliveries: readonly Delivery[]): void => {
            served = deliveries;
            if (isGivenUp) for (const { stored } of deliveries) ledger.explain(stored, 'poll given up');
            answer(deliveries);
          };
          const deliveries = take(request, isGivenUp);
          if (deliveries.length > 0 || request.waitMs === 0 || isGivenUp) return serve(deliveries);
          const waiter: Waiting = { request, answer: serve, isOver: false, timer: undefined };
          mine = waiter;
          waiting.push(waiter);
          waiter.timer = time.after(request.waitMs, () => end(waiter, []));
          lookAgain();
        },
        giveUp() {
          isGivenUp = true;
          for (const { stored } of served) ledger.explain(stored, 'poll given up');
          time.after(NOTICE_MS, () => {
            if (mine !== undefined) mine.isOver = true;
            waiting = waiting.filter((waiter) => !waiter.isOver);
          });
        },
      };
    },
  };
}
