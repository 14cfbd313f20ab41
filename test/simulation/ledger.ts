/**
 * The ledger: what really happened in a run, seen from outside, and the rules that it must keep. Nothing in it is told
 * to the workers.
 *
 * A rule that faults may bend (a second run, a lease that ran out) holds wherever no fault on that very job explains the
 * offence: a runtime without lease extensions loses nothing, it just runs things twice, and only this finds it.
 */
import { isLongshoreError } from '@longshore/job';
import type { OutgoingMessage } from '@longshore/queue';
import { BASE_DELAY_MS, MAX_ATTEMPTS, type PlannedJob } from './scenario.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { StoredMessage } from './simulated-sqs.ts';
import type { Trace } from './trace.ts';

/** One execution of a handler. */
export interface Run {
  readonly job: JobAccount;
  readonly process: SimulatedProcess;
  readonly attempt: number;
  state: 'live' | 'succeeded' | 'failed' | 'given-back' | 'buried' | 'aborted';
  /** The handler has not returned. */
  isBusy: boolean;
  isSettled: boolean;
  /** Its signal has aborted: what it does from now on is its own fault. */
  isTold: boolean;
}

/** All that is known of a job. */
export interface JobAccount {
  readonly id: string;
  readonly plan: PlannedJob;
  isEnqueued: boolean;
  readonly messageIds: string[];
  /** The last fault that may explain a second run. */
  explanation: string | undefined;
  readonly runs: Run[];
  effects: number;
  /** Times that it gave itself back. */
  releases: number;
  letters: number;
  /** Deliveries by process: a process that had one has one handle. */
  readonly deliveries: Map<SimulatedProcess, number>;
}

/** What the ledger needs to know of a seed. */
export interface LedgerOptions {
  readonly nowMs: () => number;
  readonly trace: Trace | undefined;
  readonly slots: number;
  readonly maxCrashes: number;
}

/** A message that arrives while a worker stops can be given back within this time. */
const GIVE_BACK_MS = 200;

/** The account of one run. */
export class Ledger {
  readonly violations: string[] = [];
  readonly jobs = new Map<string, JobAccount>();
  /** No progress before this is owed to anybody: work or a delay that policy prescribes lies ahead. */
  busyUntilMs: number;
  readonly #options: LedgerOptions;
  /** By message id: why its lease may run out before its next delivery. */
  readonly #explanations = new Map<string, string>();
  readonly #busy = new Map<SimulatedProcess, number>();
  readonly #holders = new Map<string, string>();
  readonly #arrivals = new Map<string, number>();
  readonly #leases = new Map<string, number>();

  constructor(options: LedgerOptions) {
    this.#options = options;
    this.busyUntilMs = options.nowMs();
  }

  violate(rule: string, detail: string): void {
    const text = `${rule}: ${detail}`;
    this.violations.push(text);
    this.#options.trace?.(`VIOLATION ${text}`);
  }

  progress(untilMs: number = this.#options.nowMs()): void {
    this.busyUntilMs = Math.max(this.busyUntilMs, untilMs);
  }

  plan(id: string, plan: PlannedJob): JobAccount {
    const known = this.jobs.get(id);
    if (known !== undefined) return known;
    const account: JobAccount = {
      id,
      plan,
      isEnqueued: false,
      messageIds: [],
      explanation: undefined,
      runs: [],
      effects: 0,
      releases: 0,
      letters: 0,
      deliveries: new Map(),
    };
    this.jobs.set(id, account);
    return account;
  }

  /** A fault struck this message: its lease may run out, and its job may run again. */
  explain(stored: StoredMessage, cause: string): void {
    this.#explanations.set(stored.messageId, cause);
    this.explainJob(stored.jobId, cause);
  }

  explainJob(jobId: string, cause: string): void {
    const job = this.jobs.get(jobId);
    if (job !== undefined) job.explanation = cause;
  }

  isExplained(stored: StoredMessage): boolean {
    return this.#explanations.has(stored.messageId);
  }

  explainRunsOn(process: SimulatedProcess, cause: string): void {
    for (const job of this.jobs.values())
      if (job.runs.some((run) => run.process === process && run.isBusy)) job.explanation = cause;
  }

  /** A worker's `stop` has resolved. */
  stopped(process: SimulatedProcess, messages: Iterable<StoredMessage>): void {
    const nowMs = this.#options.nowMs();
    for (const stored of messages) {
      const isFresh = nowMs - (this.#arrivals.get(stored.messageId) ?? nowMs) < GIVE_BACK_MS;
      const isHeld = stored.holder === process.name && stored.state === 'leased' && !isFresh;
      if (isHeld && !this.isExplained(stored))
        this.violate('held after stop', `${process.name} still holds ${stored.messageId} (${stored.jobId})`);
    }
  }

  sent(stored: StoredMessage): void {
    const job = this.jobs.get(stored.jobId);
    if (job === undefined) return this.violate('unknown job', `${stored.jobId} was sent by nobody`);
    job.messageIds.push(stored.messageId);
    if (job.messageIds.length > 1) job.explanation = 'sent twice';
  }

  delivered(stored: StoredMessage, cause: string): void {
    if (cause === 'expired' && !this.isExplained(stored))
      this.violate(
        'lease not kept',
        `${stored.messageId} (${stored.jobId}) came back from ${this.#holders.get(stored.messageId)}`,
      );
    this.#explanations.delete(stored.messageId);
    this.#options.trace?.(`${stored.holder} is sent ${stored.handle} (${cause})`);
    this.#holders.set(stored.messageId, stored.holder);
    if (cause === 'duplicate') this.explain(stored, 'duplicate');
  }

  /** The process has the message now. */
  arrived(process: SimulatedProcess, stored: StoredMessage, handle: string, untilMs: number): void {
    const job = this.jobs.get(stored.jobId);
    job?.deliveries.set(process, (job.deliveries.get(process) ?? 0) + 1);
    this.#leases.set(`${process.name} ${stored.jobId}`, untilMs);
    this.#arrivals.set(stored.messageId, this.#options.nowMs());
    this.#options.trace?.(`${process.name} has ${handle} (${stored.jobId})`);
  }

  extended(process: SimulatedProcess, jobId: string, untilMs: number): void {
    const key = `${process.name} ${jobId}`;
    // Answers may overtake each other.
    this.#leases.set(key, Math.max(untilMs, this.#leases.get(key) ?? untilMs));
  }

  started(process: SimulatedProcess, jobId: string, attempt: number, signal: AbortSignal): Run | undefined {
    const job = this.jobs.get(jobId);
    if (job === undefined || process.isDead) return undefined;
    this.progress();
    this.#options.trace?.(`${process.name} starts ${jobId} (${job.plan.kind}) attempt ${attempt}`);
    const run: Run = {
      job,
      process,
      attempt,
      state: 'live',
      isBusy: true,
      isSettled: false,
      isTold: signal.aborted,
    };
    this.#checkStart(run, signal);
    job.runs.push(run);
    const busy = (this.#busy.get(process) ?? 0) + 1;
    this.#busy.set(process, busy);
    if (busy > this.#options.slots) this.violate('slots exceeded', `${process.name} runs ${busy} jobs`);
    signal.addEventListener('abort', () => this.#aborted(run, signal.reason), { once: true });
    return run;
  }

  ended(run: Run | undefined, state: Run['state']): void {
    if (run === undefined || run.process.isDead) return;
    const { process, job } = run;
    this.progress();
    this.#options.trace?.(
      `${process.name} ends ${job.id}: ${state}${run.state === 'live' ? '' : ', too late'}`,
    );
    run.isBusy = false;
    this.#busy.set(process, (this.#busy.get(process) ?? 1) - 1);
    if (run.state !== 'live') return;
    if (!run.isTold) this.#checkTold(run);
    run.state = state;
    if (state === 'given-back') job.releases += 1;
  }

  effect(jobId: string): void {
    const job = this.jobs.get(jobId);
    if (job === undefined) return this.violate('unknown job', `effect of ${jobId}`);
    job.effects += 1;
    if (job.effects > 1) this.violate('effect twice', `${jobId} took effect ${job.effects} times`);
  }

  /** A worker asks for the deletion of a message. */
  acknowledging(process: SimulatedProcess, stored: StoredMessage): void {
    if (process.isDead) return;
    const runs = this.#runsOn(process, stored.jobId);
    if (!runs.some((run) => run.state === 'succeeded'))
      this.violate('acknowledged without success', `${process.name} ${stored.jobId}`);
  }

  releasing(process: SimulatedProcess, stored: StoredMessage, delayMs: number): void {
    if (process.isDead) return;
    const run = this.#onlyRun(process, stored.jobId);
    if (run?.state !== 'failed' || this.isExplained(stored)) return;
    const leastMs = Math.floor((BASE_DELAY_MS * 2 ** (run.attempt - 1)) / 2);
    if (delayMs < leastMs)
      this.violate('no backoff', `${stored.jobId} after attempt ${run.attempt}: ${delayMs} ms`);
  }

  released(process: SimulatedProcess, stored: StoredMessage, delayMs: number): void {
    this.progress(this.#options.nowMs() + delayMs);
    const run = this.#onlyRun(process, stored.jobId);
    if (run?.state === 'failed') run.isSettled = true;
  }

  deleted(stored: StoredMessage): void {
    this.progress();
    const job = this.jobs.get(stored.jobId);
    if (job === undefined) return;
    const isDone = job.runs.some((run) => run.state === 'succeeded') || job.letters > 0;
    if (!isDone) this.violate('lost', `${stored.jobId} was deleted before it came to its end`);
  }

  deadLetter(letter: OutgoingMessage, jobId: string): void {
    const job = this.jobs.get(jobId);
    if (job === undefined) return this.violate('unknown job', `dead letter of ${jobId}`);
    job.letters += 1;
    const { code, failed } = readLetter(letter);
    this.#options.trace?.(`dead letter ${jobId}: ${code}`);
    const wanted = { poison: 'attempts_exhausted', unwanted: 'unwanted', killer: 'crashed' };
    const { kind } = job.plan;
    if (kind !== 'poison' && kind !== 'unwanted' && kind !== 'killer')
      return this.violate('good job dead-lettered', `${jobId} (${kind}): ${code}`);
    if (code !== wanted[kind]) this.violate('wrong reason', `${jobId} (${kind}): ${code}`);
    const failures = job.runs.filter((run) => run.state === 'failed').length;
    if (kind === 'poison' && (failed < MAX_ATTEMPTS || failed > failures))
      this.violate(
        'attempts not exact',
        `letter of ${jobId} tells of ${failed} failures, it had ${failures}`,
      );
  }

  /** Every job that was enqueued has come to its end. */
  checkEnd(): void {
    for (const job of this.jobs.values()) {
      if (!job.isEnqueued) continue;
      const { kind, times } = job.plan;
      const isBad = kind === 'poison' || kind === 'unwanted' || kind === 'killer';
      const hasEnd = isBad ? job.letters > 0 : job.runs.some((run) => run.state === 'succeeded');
      if (!hasEnd) this.violate('lost', `${job.id} (${kind}) has no outcome`);
      if (!isBad && job.effects !== 1) this.violate('effect missing', `${job.id}: ${job.effects}`);
      const runs = { failing: times + 1, releasing: times + 1, poison: MAX_ATTEMPTS };
      const wanted = (runs as Partial<Record<string, number>>)[kind] ?? 1;
      // A run that was told to stop may or may not have come to its end in time.
      const finished = job.runs.filter((run) => !run.isTold).length;
      const isExact = finished === wanted || (finished < wanted && finished < job.runs.length);
      if (job.explanation === undefined && kind !== 'killer' && !isExact)
        this.violate('runs not exact', `${job.id} (${kind}) ran ${finished} times, not ${wanted}`);
    }
  }

  #checkStart(run: Run, signal: AbortSignal): void {
    const { job, process, attempt } = run;
    if (process.isStopped) this.violate('runs after stop', `${process.name} starts ${job.id}`);
    if (signal.aborted)
      this.violate('starts without a lease', `${process.name} starts ${job.id}: ${String(signal.reason)}`);
    if (
      job.messageIds.length === 1 &&
      this.#runsOn(process, job.id).some((other) => other.state === 'succeeded')
    )
      this.violate('done job runs again', `${process.name} starts ${job.id}, which it had finished`);
    const rival = job.runs.find((other) => other.state === 'live' && !other.isTold && !other.process.isDead);
    if (rival !== undefined && job.explanation === undefined)
      this.violate('two live runs', `${job.id} on ${rival.process.name} and ${process.name}`);
    const failed = job.runs.filter((other) => other.state === 'failed');
    const settled = failed.filter((other) => other.isSettled).length;
    if (attempt > failed.length + 1 || (this.#isUntouched(run) && attempt < settled + 1))
      this.violate(
        'attempts not exact',
        `${job.id} runs as attempt ${attempt} after ${settled} to ${failed.length} failures`,
      );
  }

  #aborted(run: Run, reason: unknown): void {
    if (run.process.isDead || !run.isBusy) return;
    const isLost = isLongshoreError(reason, 'lease_lost');
    this.#options.trace?.(
      `${run.process.name} aborts ${run.job.id}: ${isLost ? 'lease lost' : 'interrupted'}`,
    );
    if (!run.isTold) this.#checkTold(run);
    run.isTold = true;
    if (!isLost) return;
    run.state = 'aborted';
    if (run.job.explanation === undefined)
      this.violate('lease not kept', `${run.process.name} lost ${run.job.id}`);
  }

  /** A handler is told that its lease is over no later than the process could know it. */
  #checkTold({ process, job }: Run): void {
    const untilMs = this.#leases.get(`${process.name} ${job.id}`) ?? Number.POSITIVE_INFINITY;
    if (job.deliveries.get(process) !== 1 || process.thawedAtMs >= untilMs) return;
    const lateMs = this.#options.nowMs() - untilMs;
    if (lateMs > 0) this.violate('told too late', `${process.name} ${job.id}: ${lateMs} ms after its lease`);
  }

  #runsOn(process: SimulatedProcess, jobId: string): Run[] {
    return (this.jobs.get(jobId)?.runs ?? []).filter((run) => run.process === process);
  }

  /** The process has the last delivery of the job's only message, and no fault has struck since. */
  #isUntouched({ job: { messageIds, deliveries, letters }, process }: Run): boolean {
    const [only = ''] = messageIds;
    if (letters > 0) return false;
    const isLast = this.#holders.get(only) === process.name && deliveries.get(process) === 1;
    return messageIds.length === 1 && isLast && !this.#explanations.has(only);
  }

  /** The run that a message of this process stands for, when there is no doubt. */
  #onlyRun(process: SimulatedProcess, jobId: string): Run | undefined {
    if (this.jobs.get(jobId)?.deliveries.get(process) !== 1) return undefined;
    return this.#runsOn(process, jobId).at(-1);
  }
}

function readLetter(letter: OutgoingMessage): { code: string; failed: number } {
  const about = letter.attributes?.['longshore'];
  const { code } = (about === undefined ? { code: 'none' } : JSON.parse(about)) as { readonly code: string };
  const { attempts = [] } = JSON.parse(letter.body) as {
    readonly attempts?: readonly { readonly kind: string }[];
  };
  return { code, failed: attempts.filter(({ kind }) => kind === 'failed').length };
}
