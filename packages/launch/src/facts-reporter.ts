/**
 * Reports over the fleet's facts queue, for workers that are nobody's child process.
 *
 * A report that is lost is made good by the next one, so sending never holds anything up: one call at a time, failures
 * are logged at most once a minute, and a fleet without a facts queue reports nothing.
 */
import { errorDetails, isLongshoreError, LongshoreError, type Clock, type Timer } from '@longshore/job';
import type { Queue } from '@longshore/queue';
import type { Logger } from '@longshore/worker';
import type { HeartbeatSource } from './heartbeat.ts';
import { nextReportAtMs, type LastReport } from './report-pace.ts';

/** Options of {@link factsReporter}. */
export interface FactsReporterOptions {
  readonly source: HeartbeatSource;
  readonly queue: Pick<Queue, 'name' | 'send' | 'counts'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Pick<Logger, 'info' | 'warn'>;
}

/** A reporter. */
export interface FactsReporter {
  start(): void;
  /** One look: sends a report if one is due. Resolves when it is sent or given up; never rejects. */
  tick(): Promise<void>;
  /** Sends the last report, for two seconds at most. Idempotent. */
  stop(): Promise<void>;
}

/** How soon a change is seen; a look costs a few microseconds. */
const LOOK_EVERY_MS = 250;
const LAST_REPORT_MS = 2_000;
const MINUTE_MS = 60_000;
/**
 * Reports that nobody reads must not fill a Redis, which keeps them for ever. Ten thousand workers write as many in ten
 * seconds, so no reader that lives is this far behind; it is 15 MB.
 */
const MAX_UNREAD = 20_000;

/** A reporter, not started. */
export function factsReporter(options: FactsReporterOptions): FactsReporter {
  return new QueueReporter(options);
}

class QueueReporter implements FactsReporter {
  readonly #options: FactsReporterOptions;
  #timer: Timer | undefined;
  #last: LastReport | undefined;
  #sending: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;
  #isMissing = false;
  #isUnread = false;
  #nextCountAtMs = -Infinity;
  #nextLogAtMs = -Infinity;

  constructor(options: FactsReporterOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#timer !== undefined || this.#stopped !== undefined) return;
    void this.tick();
    this.#look();
  }

  async tick(): Promise<void> {
    if (this.#sending !== undefined || this.#isMissing) return this.#sending;
    const { source, clock } = this.#options;
    const isDue = this.#last === undefined || clock.nowMs() >= nextReportAtMs(this.#last, source.activity());
    if (!isDue) return;
    this.#sending = this.#report().finally(() => {
      this.#sending = undefined;
    });
    await this.#sending;
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  #look(): void {
    this.#timer = this.#options.clock.after(LOOK_EVERY_MS, () => {
      void this.tick();
      if (!this.#isMissing) this.#look();
    });
  }

  async #stop(): Promise<void> {
    this.#timer?.cancel();
    const late = Promise.withResolvers<void>();
    const timer = this.#options.clock.after(LAST_REPORT_MS, late.resolve);
    await Promise.race([this.#sayLast(), late.promise]);
    timer.cancel();
  }

  async #sayLast(): Promise<void> {
    await this.#sending;
    if (!this.#isMissing && !this.#isUnread) await this.#send(true).catch(() => undefined);
  }

  async #report(): Promise<void> {
    const { source, clock, random } = this.#options;
    const report = { ...source.activity(), atMs: clock.nowMs(), jitter: random() };
    this.#last = report;
    try {
      await this.#count();
      if (!this.#isMissing && !this.#isUnread) await this.#send(false);
    } catch (error) {
      // What it would have told is still news.
      this.#last = { ...report, ended: -1 };
      this.#warn(error);
    }
  }

  async #send(isLast: boolean): Promise<void> {
    const { source, queue } = this.#options;
    const [result] = await queue.send([{ body: JSON.stringify(source.next({ isLast })) }]);
    if (result?.ok === true) return;
    throw new LongshoreError('queue_unavailable', result?.message ?? 'The queue gave no answer');
  }

  /** Whether there is a queue, and somebody who reads it: at the start and once a minute. */
  async #count(): Promise<void> {
    const { queue, clock, log } = this.#options;
    if (clock.nowMs() < this.#nextCountAtMs) return;
    try {
      const { backlog } = await queue.counts();
      this.#nextCountAtMs = clock.nowMs() + MINUTE_MS;
      this.#isUnread = backlog > MAX_UNREAD;
      if (this.#isUnread)
        throw new LongshoreError('queue_unavailable', `Nobody reads its ${backlog} reports`);
    } catch (error) {
      if (!isLongshoreError(error, 'queue_missing')) throw error;
      this.#isMissing = true;
      const remedy = 'create it, or set LONGSHORE_HEARTBEATS=off';
      log.info(
        { queue: queue.name },
        `There is no facts queue "${queue.name}", so nothing is reported: ${remedy}`,
      );
    }
  }

  #warn(error: unknown): void {
    const { queue, clock, log } = this.#options;
    if (clock.nowMs() < this.#nextLogAtMs) return;
    this.#nextLogAtMs = clock.nowMs() + MINUTE_MS;
    log.warn({ err: error, queue: queue.name }, `Cannot report: ${errorDetails(error).message}`);
  }
}
