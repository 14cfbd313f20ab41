/**
 * Watches for the notice that EC2 takes this Spot instance back, about two minutes before it does.
 *
 * For workers that run on EC2 themselves. On ECS there is no need: with `ECS_ENABLE_SPOT_INSTANCE_DRAINING=true` on EC2
 * capacity, and always on Fargate Spot, the notice arrives as SIGTERM, and a container on the bridge network often cannot
 * reach the metadata service at all. A rebalance recommendation only says that the risk has risen; it is not acted on.
 */
import { LongshoreError, parseJson, sleep, systemClock, type Clock } from '@longshore/job';
import type { Logger } from '../handler.ts';
import { instanceMetadata, type InstanceMetadata } from './instance-metadata.ts';

/** What EC2 announces. */
export interface InterruptionNotice {
  /** What happens to the instance: `terminate`, `stop` or `hibernate`. */
  readonly action: string;
  /** When, epoch ms. Hibernation begins at once. */
  readonly atMs: number;
}

/** Options of {@link spotNotice}. */
export interface SpotNoticeOptions {
  /** Called once. Drain the worker: `worker.stop({ deadlineMs })`. */
  readonly onNotice: (notice: InterruptionNotice) => void;
  /** The instance metadata service. Default `http://169.254.169.254`. */
  readonly imdsUri?: string;
  /** Pause between two looks, 1,000 to 60,000 ms. Default 5,000 ms, as EC2 recommends. */
  readonly intervalMs?: number;
  /** Bound of one call. Default 1,000 ms: the service is on the host. */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
  /** Told when the service gets out of reach and when it is back. Default: nobody. */
  readonly log?: Pick<Logger, 'info' | 'warn'>;
  readonly fetch?: typeof globalThis.fetch;
}

/** A watch. `start` and `stop` are idempotent; after a notice it has ended. */
export interface SpotNotice extends AsyncDisposable {
  start(): void;
  /** Ends a call under way; resolves when nothing is left. */
  stop(): Promise<void>;
  /** One look, without waiting. Resolves with the notice, if there is one. Never rejects. */
  tick(): Promise<InterruptionNotice | undefined>;
}

const DEFAULT_IMDS_URI = 'http://169.254.169.254';
const DEFAULT_INTERVAL_MS = 5_000;
const DEFAULT_TIMEOUT_MS = 1_000;
/** Out of reach, for instance on a laptop: looked for less and less often, down to this. */
const MAX_INTERVAL_MS = 60_000;
const ITEM = 'spot/instance-action';

/**
 * Watches for a Spot interruption notice.
 *
 * @throws LongshoreError `invalid_options`, all faults in one message.
 * @example
 * ```ts
 * import { spotNotice } from '@longshore/worker/ec2';
 *
 * const watch = spotNotice({ onNotice: ({ action, atMs }) => console.log(action, new Date(atMs)) });
 * watch.start();
 * await watch.stop();
 * ```
 */
export function spotNotice(options: SpotNoticeOptions): SpotNotice {
  const checked = {
    onNotice: options.onNotice,
    imdsUri: options.imdsUri ?? DEFAULT_IMDS_URI,
    intervalMs: options.intervalMs ?? DEFAULT_INTERVAL_MS,
    timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    clock: options.clock ?? systemClock,
    log: options.log,
    fetch: options.fetch ?? globalThis.fetch,
  };
  checkOptions(checked);
  return new MetadataWatch(checked);
}

type Checked = Required<Omit<SpotNoticeOptions, 'log'>> & {
  readonly log: SpotNoticeOptions['log'] | undefined;
};

class MetadataWatch implements SpotNotice {
  readonly #options: Checked;
  readonly #metadata: InstanceMetadata;
  #failures = 0;
  #notice: InterruptionNotice | undefined;
  #run: { readonly stopping: AbortController; readonly ended: Promise<void> } | undefined;

  constructor(options: Checked) {
    this.#options = options;
    this.#metadata = instanceMetadata(options);
  }

  start(): void {
    if (this.#run !== undefined || this.#notice !== undefined) return;
    const stopping = new AbortController();
    this.#run = { stopping, ended: this.#watch(stopping.signal) };
  }

  async stop(): Promise<void> {
    const run = this.#run;
    this.#run = undefined;
    run?.stopping.abort(new LongshoreError('closed', 'The watch for Spot notices is stopped'));
    await run?.ended;
  }

  tick(): Promise<InterruptionNotice | undefined> {
    return this.#look(new AbortController().signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { clock, intervalMs } = this.#options;
    while (!signal.aborted) {
      if ((await this.#look(signal)) !== undefined) return;
      const delayMs = Math.min(intervalMs * 2 ** this.#failures, Math.max(intervalMs, MAX_INTERVAL_MS));
      await sleep(delayMs, { clock, signal });
    }
  }

  async #look(signal: AbortSignal): Promise<InterruptionNotice | undefined> {
    if (this.#notice !== undefined) return this.#notice;
    const { log, onNotice, clock } = this.#options;
    try {
      const text = await this.#metadata.read(ITEM, signal);
      if (this.#failures > 0) log?.info({}, 'The instance metadata service answers again');
      this.#failures = 0;
      if (text === undefined || signal.aborted) return undefined;
      this.#notice = noticeOf(text, clock.nowMs());
    } catch (error) {
      if (signal.aborted) return undefined;
      this.#failures += 1;
      if (this.#failures === 1) log?.warn({ err: error }, 'Cannot look for Spot notices, trying less often');
      return undefined;
    }
    try {
      onNotice(this.#notice);
    } catch (error) {
      log?.warn({ err: error }, 'The listener for the Spot notice failed');
    }
    return this.#notice;
  }
}

/** `{"action":"terminate","time":"2017-09-18T08:22:00Z"}`. A notice without a time that can be read is for now. */
function noticeOf(text: string, nowMs: number): InterruptionNotice {
  const json = parseJson(text);
  if (!json.ok || typeof json.value !== 'object' || json.value === null)
    throw new Error(`Cannot read the notice ${JSON.stringify(text.slice(0, 200))}`);
  const { action, time } = json.value as Readonly<Record<string, unknown>>;
  const atMs = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  return {
    action: typeof action === 'string' ? action : 'terminate',
    atMs: Number.isNaN(atMs) ? nowMs : atMs,
  };
}

function checkOptions({ imdsUri, intervalMs, timeoutMs }: Checked): void {
  const faults: string[] = [];
  if (!/^https?:\/\/./.test(imdsUri) || !URL.canParse(imdsUri))
    faults.push(`imdsUri is "${imdsUri}", expected a URL such as ${DEFAULT_IMDS_URI}`);
  if (!(intervalMs >= 1_000 && intervalMs <= 60_000))
    faults.push(`intervalMs is ${intervalMs}, expected 1000 to 60000`);
  if (!(timeoutMs >= 100 && timeoutMs <= 10_000))
    faults.push(`timeoutMs is ${timeoutMs}, expected 100 to 10000`);
  if (faults.length > 0)
    throw new LongshoreError('invalid_options', `Cannot watch for Spot notices: ${faults.join('; ')}`);
}
