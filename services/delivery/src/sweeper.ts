/**
 * Sends what is due by the schedule: retries that no queue can delay for so long, what a killed worker had begun, what had
 * to wait for its endpoint. Runs in every process of the service; leases keep them apart.
 */
import { sleep, systemClock, type Clock } from '@longshore/job';
import type { Logger } from '@longshore/worker';
import { PER_ENDPOINT, type Sender } from './sender.ts';
import type { Schedule } from './store/delivery-store.ts';

/** Options of {@link createSweeper}. */
export interface SweeperOptions {
  readonly schedule: Schedule;
  readonly sender: Sender;
  readonly log: Logger;
  /** Between two looks at the schedule. Default 1 s. */
  readonly everyMs?: number;
  /** Tries under way in this process, over all endpoints. Default 64. */
  readonly concurrency?: number;
  /** As the sender's: more at once would find nothing. Default 2. */
  readonly perEndpoint?: number;
  /** How long attempts, ended deliveries and their events are kept. Default 35 days. */
  readonly retentionMs?: number;
  readonly clock?: Clock;
}

/** The loop. */
export interface Sweeper extends AsyncDisposable {
  start(): void;
  /** One look at the schedule; resolves when everything that it began has ended. Answers how many tries were made. */
  tick(): Promise<number>;
  /** Begins nothing more, waits for what is under way, and interrupts it at the deadline. Default 5 s. */
  stop(options?: { readonly deadlineMs?: number }): Promise<void>;
}

const EVERY_MS = 1_000;
const CONCURRENCY = 64;
const RETENTION_MS = 3_024_000_000;
const PRUNE_EVERY_MS = 3_600_000;
const STOP_MS = 5_000;

/** Makes a sweeper; nothing happens before `start` or `tick`. */
export function createSweeper(options: SweeperOptions): Sweeper {
  const { everyMs = EVERY_MS, log, clock = systemClock } = options;
  const stopping = new AbortController();
  const interrupting = new AbortController();
  const round = rounds(options, stopping.signal, interrupting.signal);
  let loop: Promise<void> | undefined;

  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        // What it begins is awaited by `stop`, never by the next look.
        void (await round.look());
      } catch (error) {
        log.warn({ err: error }, 'The schedule could not be looked at');
      }
      await sleep(everyMs, { clock, signal: stopping.signal });
    }
  };
  const stop: Sweeper['stop'] = async ({ deadlineMs = STOP_MS } = {}) => {
    stopping.abort();
    const timer = clock.after(deadlineMs, () => interrupting.abort());
    await loop;
    await round.idle();
    timer.cancel();
  };
  return {
    start() {
      if (!stopping.signal.aborted) loop ??= run();
    },
    async tick() {
      const begun = await round.look();
      const tries = await Promise.all(begun);
      return tries.reduce((sum, each) => sum + each, 0);
    },
    stop,
    [Symbol.asyncDispose]: () => stop(),
  };
}

interface Rounds {
  /** Begins to send what is due, as far as there is room. Answers what it has begun. */
  look(): Promise<readonly Promise<number>[]>;
  idle(): Promise<void>;
}

function rounds(options: SweeperOptions, stopping: AbortSignal, interrupted: AbortSignal): Rounds {
  const { schedule, sender, log, concurrency = CONCURRENCY, clock = systemClock } = options;
  const { retentionMs = RETENTION_MS, perEndpoint = PER_ENDPOINT } = options;
  const busy = new Map<string, number>();
  const underWay = new Set<Promise<number>>();
  let pruneAtMs = 0;

  const begin = (endpointId: string): Promise<number> => {
    busy.set(endpointId, (busy.get(endpointId) ?? 0) + 1);
    const sent = sender
      .send({ endpointId }, { signal: interrupted })
      .catch((error: unknown) => {
        log.warn({ err: error, endpoint: endpointId }, 'Sending by the schedule failed, it goes on later');
        return 0;
      })
      .finally(() => {
        underWay.delete(sent);
        const left = (busy.get(endpointId) ?? 1) - 1;
        if (left === 0) busy.delete(endpointId);
        else busy.set(endpointId, left);
      });
    underWay.add(sent);
    return sent;
  };

  return {
    async look() {
      const nowMs = Math.floor(clock.nowMs());
      if (nowMs >= pruneAtMs) {
        pruneAtMs = nowMs + PRUNE_EVERY_MS;
        await schedule.prune(nowMs - retentionMs);
      }
      const begun: Promise<number>[] = [];
      if (underWay.size >= concurrency) return begun;
      const due = await schedule.dueEndpoints({ nowMs, limit: concurrency });
      for (const endpointId of due) {
        while (!stopping.aborted && underWay.size < concurrency && (busy.get(endpointId) ?? 0) < perEndpoint)
          begun.push(begin(endpointId));
      }
      return begun;
    },
    async idle() {
      await Promise.all(underWay);
    },
  };
}
