/**
 * Task scale-in protection by the ECS container agent.
 *
 * ECS limits these calls for the whole account, so there is one only when idle becomes busy, when busy has become idle
 * for a while, and at half the term of a protection that is still needed. One call at a time, bounded, tried three times
 * with jitter; then it is left alone for about a minute. A protection that may have ended is never reported as one.
 */
import { LongshoreError, sleep, systemClock, type Clock, type Timer } from '@longshore/job';
import type { Logger } from '../handler.ts';
import type { ProtectionCounts, ProtectionState, TaskProtection } from '../task-protection.ts';
import { callAgent, type ProtectionAnswer } from './agent-client.ts';

/** Options of {@link ecsTaskProtection}. */
export interface EcsTaskProtectionOptions {
  /** The agent as ECS tells it to every container, in `ECS_AGENT_URI`. */
  readonly agentUri: string;
  /**
   * How long a protection lasts unless it is renewed, which happens at half of it. 1 to 2,880. Default 30: an agent may be
   * silent for a quarter of an hour, and a task that hangs blocks a deployment for at most half an hour.
   */
  readonly expiresInMinutes?: number;
  /** How long the task stays protected after its last job, so that jobs in a row cost one call. Default 10,000 ms. */
  readonly idleLingerMs?: number;
  /** Bound of one call. Default 5,000 ms: the agent gives up on ECS a little earlier, and then says why. */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
  readonly random?: () => number;
  /** Told once per change of the state. Default: nobody. */
  readonly log?: Pick<Logger, 'debug' | 'warn'>;
  readonly fetch?: typeof globalThis.fetch;
}

const DEFAULT_EXPIRES_IN_MINUTES = 30;
const DEFAULT_IDLE_LINGER_MS = 10_000;
const DEFAULT_TIMEOUT_MS = 5_000;
/** More tries do not help against an agent that is down, and use up the account's limit when it throttles. */
const MAX_TRIES = 3;
const FIRST_RETRY_MS = 500;
/** How long a refusal, or an agent that does not answer, is left alone while the worker stays busy. */
const PAUSE_MS = 60_000;
/** Within this time of a refusal, who asks whether the task is protected gets the same answer without a call. */
const FRESH_MS = 5_000;
const MINUTE_MS = 60_000;

/**
 * Protects this task while its worker is busy. The task's role needs `ecs:UpdateTaskProtection`; only tasks of a service
 * can be protected. Protection holds off scale-in and deployments, not the loss of a Spot instance.
 *
 * @throws LongshoreError `invalid_options`, all faults in one message. Later failures are a state, never thrown.
 * @example
 * ```ts
 * import { ecsTaskProtection } from '@longshore/worker/ecs';
 *
 * const protection = ecsTaskProtection({ agentUri: 'http://169.254.170.2/api/0123' });
 * protection.busy();
 * if (await protection.protectedBefore({ deadlineMs: 10_000 })) console.log('This may take hours');
 * protection.idle();
 * await protection.close();
 * ```
 */
export function ecsTaskProtection(options: EcsTaskProtectionOptions): TaskProtection {
  const checked = {
    agentUri: options.agentUri,
    expiresInMinutes: options.expiresInMinutes ?? DEFAULT_EXPIRES_IN_MINUTES,
    idleLingerMs: options.idleLingerMs ?? DEFAULT_IDLE_LINGER_MS,
    timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
    log: options.log,
    fetch: options.fetch ?? globalThis.fetch,
  };
  checkOptions(checked);
  return new AgentProtection(checked);
}

type Checked = Required<Omit<EcsTaskProtectionOptions, 'log'>> & {
  readonly log: EcsTaskProtectionOptions['log'] | undefined;
};

class AgentProtection implements TaskProtection {
  readonly #options: Checked;
  readonly #closing = new AbortController();
  readonly #waiting = new Set<() => void>();
  readonly #counts = { calls: 0, granted: 0, denied: 0, failed: 0 };
  #isBusy = false;
  /** Busy, or idle for less than the linger. */
  #isWanted = false;
  /** ECS may hold a protection: one was asked for, and its end is not confirmed. */
  #mayBeHeld = false;
  #heldUntilMs = 0;
  #trouble: 'denied' | 'unreachable' | undefined;
  #failures = 0;
  /** When the next call for what is wanted is due. */
  #dueMs = Infinity;
  #roundEndedMs = -Infinity;
  #call: Promise<void> | undefined;
  #timer: Timer | undefined;
  #linger: Timer | undefined;
  #loggedState: ProtectionState = 'unprotected';
  #closed: Promise<void> | undefined;

  constructor(options: Checked) {
    this.#options = options;
  }

  get state(): ProtectionState {
    if (this.#isHeld()) return 'protected';
    return this.#trouble ?? 'unprotected';
  }

  get counts(): ProtectionCounts {
    return { ...this.#counts };
  }

  busy(): void {
    if (this.#isBusy || this.#closed !== undefined) return;
    this.#isBusy = true;
    this.#linger?.cancel();
    if (!this.#isWanted) this.#want(true);
  }

  idle(): void {
    if (!this.#isBusy || this.#closed !== undefined) return;
    this.#isBusy = false;
    this.#linger = this.#options.clock.after(this.#options.idleLingerMs, () => this.#want(false));
  }

  async protectedBefore({ deadlineMs }: { readonly deadlineMs: number }): Promise<boolean> {
    if (!this.#isBusy || this.#closed !== undefined) return false;
    const { clock } = this.#options;
    if (!this.#isHeld()) {
      const isFresh = clock.nowMs() - this.#roundEndedMs < FRESH_MS;
      if (this.#trouble !== undefined && isFresh) return false;
      // The pause after trouble is for jobs that do without protection; this one cannot.
      if (this.#failures === 0) this.#dueMs = clock.nowMs();
      this.#proceed();
      await this.#roundOrDeadline(deadlineMs);
    }
    return this.#isBusy && this.#isHeld();
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #isHeld(): boolean {
    return this.#options.clock.nowMs() < this.#heldUntilMs;
  }

  #want(isWanted: boolean): void {
    this.#isWanted = isWanted;
    this.#failures = 0;
    this.#dueMs = isWanted || this.#mayBeHeld ? this.#options.clock.nowMs() : Infinity;
    if (!isWanted && !this.#mayBeHeld) this.#trouble = undefined;
    this.#proceed();
  }

  /** Calls when a call is due, or waits until it is. The end of a call comes here again. */
  #proceed(): void {
    if (this.#call !== undefined || this.#closed !== undefined) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    const delayMs = this.#dueMs - this.#options.clock.nowMs();
    if (delayMs === Infinity) return;
    if (delayMs > 0) {
      this.#timer = this.#options.clock.after(delayMs, () => this.#proceed());
      return;
    }
    this.#call = this.#ask(this.#isWanted).then(() => {
      this.#call = undefined;
      this.#proceed();
    });
  }

  async #ask(isProtected: boolean): Promise<void> {
    const sentMs = this.#options.clock.nowMs();
    const answer = await this.#send(isProtected, this.#closing.signal);
    if (this.#closed !== undefined) return;
    if (answer.kind === 'done') this.#succeeded(isProtected, sentMs);
    // What was asked for is not wanted any more: the opposite is due now.
    if (isProtected !== this.#isWanted) this.#want(this.#isWanted);
    else if (answer.kind !== 'done') this.#troubled(answer);
    this.#logState(answer);
    if (isProtected && this.#failures === 0) this.#endRound();
  }

  async #send(isProtected: boolean, signal: AbortSignal): Promise<ProtectionAnswer> {
    const { expiresInMinutes } = this.#options;
    const mightBeHeld = this.#mayBeHeld;
    this.#counts.calls += 1;
    if (isProtected) this.#mayBeHeld = true;
    // Without an answer nobody knows, so a protection that is being given up does not count any more.
    else this.#heldUntilMs = 0;
    const request = isProtected ? { isProtected, expiresInMinutes } : { isProtected };
    const answer = await callAgent(request, signal, this.#options);
    if (answer.kind === 'done' && isProtected) this.#counts.granted += 1;
    if (answer.kind !== 'done') this.#counts[answer.kind] += 1;
    if (answer.kind === 'denied') this.#mayBeHeld = mightBeHeld;
    return answer;
  }

  #succeeded(isProtected: boolean, sentMs: number): void {
    const { expiresInMinutes, random } = this.#options;
    const termMs = expiresInMinutes * MINUTE_MS;
    this.#trouble = undefined;
    this.#failures = 0;
    this.#mayBeHeld = isProtected;
    this.#heldUntilMs = isProtected ? sentMs + termMs : 0;
    // Tasks that became busy together do not renew together.
    this.#dueMs = isProtected ? sentMs + termMs * (0.4 + 0.1 * random()) : Infinity;
  }

  #troubled(answer: ProtectionAnswer): void {
    const { clock, random } = this.#options;
    const jitter = 0.5 + random() / 2;
    this.#failures += 1;
    if (answer.kind === 'failed' && this.#failures < MAX_TRIES) {
      this.#dueMs = clock.nowMs() + FIRST_RETRY_MS * 2 ** (this.#failures - 1) * jitter;
      return;
    }
    this.#failures = 0;
    this.#trouble = answer.kind === 'denied' ? 'denied' : 'unreachable';
    // A protection that cannot be given up ends by itself.
    this.#dueMs = this.#isWanted ? clock.nowMs() + Math.min(PAUSE_MS, this.#quarterMs()) * jitter : Infinity;
  }

  /** Of a protection of one minute, a pause of a minute would leave nothing to renew. */
  #quarterMs(): number {
    return (this.#options.expiresInMinutes * MINUTE_MS) / 4;
  }

  #endRound(): void {
    this.#roundEndedMs = this.#options.clock.nowMs();
    for (const resolve of this.#waiting) resolve();
  }

  async #roundOrDeadline(deadlineMs: number): Promise<void> {
    const timer = new AbortController();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.add(resolve);
    await Promise.race([promise, sleep(deadlineMs, { clock: this.#options.clock, signal: timer.signal })]);
    this.#waiting.delete(resolve);
    timer.abort();
  }

  #logState(answer: ProtectionAnswer): void {
    const { state } = this;
    if (state === this.#loggedState) return;
    this.#loggedState = state;
    if (answer.kind === 'done') this.#options.log?.debug({ state }, `Task is ${state}`);
    else this.#options.log?.warn({ state, reason: answer.reason }, `Task protection is ${state}`);
  }

  async #close(): Promise<void> {
    this.#linger?.cancel();
    this.#timer?.cancel();
    this.#closing.abort(new LongshoreError('closed', 'Task protection is closed'));
    for (const resolve of this.#waiting) resolve();
    await this.#call;
    if (this.#mayBeHeld) await this.#send(false, new AbortController().signal);
    this.#heldUntilMs = 0;
    this.#trouble = undefined;
  }
}

function checkOptions({ agentUri, expiresInMinutes, idleLingerMs, timeoutMs }: Checked): void {
  const faults: string[] = [];
  if (!/^https?:\/\/./.test(agentUri) || !URL.canParse(agentUri))
    faults.push(`agentUri is "${agentUri}", expected the URL that ECS puts into ECS_AGENT_URI`);
  if (!Number.isInteger(expiresInMinutes) || expiresInMinutes < 1 || expiresInMinutes > 2_880)
    faults.push(`expiresInMinutes is ${expiresInMinutes}, expected a whole number from 1 to 2880`);
  if (!(idleLingerMs >= 0 && idleLingerMs <= 600_000))
    faults.push(`idleLingerMs is ${idleLingerMs}, expected 0 to 600000`);
  if (!(timeoutMs >= 100 && timeoutMs <= 10_000))
    faults.push(`timeoutMs is ${timeoutMs}, expected 100 to 10000`);
  if (faults.length > 0)
    throw new LongshoreError('invalid_options', `Cannot protect the task: ${faults.join('; ')}`);
}
