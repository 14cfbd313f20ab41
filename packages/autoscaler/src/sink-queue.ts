/** Carries records to a sink beside the loop: in order, within bounds, and without ever holding up or failing a tick. */
import type { AutoscalerLog } from './controller.ts';
import type { DecisionSink, ScalingRecord } from './record.ts';

/** Records that wait at most; about a quarter of an hour of a hundred services. */
const MAX_WAITING = 20_000;

/** A queue before a sink. */
export class SinkQueue {
  readonly #sink: DecisionSink;
  readonly #log: AutoscalerLog;
  #waiting: ScalingRecord[] = [];
  #writing: Promise<void> | undefined;
  #dropped = 0;

  constructor(sink: DecisionSink, log: AutoscalerLog) {
    this.#sink = sink;
    this.#log = log;
  }

  /** Records that were dropped because the sink is too slow or away. */
  get dropped(): number {
    return this.#dropped;
  }

  push(records: readonly ScalingRecord[]): void {
    this.#waiting.push(...records);
    const over = this.#waiting.length - MAX_WAITING;
    if (over > 0) {
      this.#waiting.splice(0, over);
      this.#dropped += over;
    }
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  /** Resolves when nothing is being written. */
  async idle(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await this.#sink.append(batch);
      } catch (error) {
        this.#log.warn({ error, records: batch.length }, 'Could not store scaling decisions, trying again');
        this.#waiting.unshift(...batch.slice(-MAX_WAITING));
        return;
      }
    }
  }
}
