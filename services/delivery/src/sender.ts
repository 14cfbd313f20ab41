/**
 * Sends what the schedule holds for an endpoint: lease, try, settle. Called by the job `notify-endpoint` and by the
 * sweeper alike; the lease in the store decides who sends, so that nobody has to agree beforehand.
 */
import { LongshoreError, deterministicId, errorDetails, systemClock, type Clock } from '@longshore/job';
import type { Logger } from '@longshore/worker';
import { decide, type Decision } from './decide.ts';
import type { Destination, SendResult } from './destination.ts';
import { eventBody } from './event.ts';
import type { LinkMint } from './links/link-token.ts';
import type { Attempt, Claim, DeliveryStore } from './store/delivery-store.ts';

/** Options of {@link createSender}. */
export interface SenderOptions {
  readonly store: DeliveryStore;
  readonly destinations: readonly Destination[];
  readonly links: Pick<LinkMint, 'url'>;
  readonly log: Logger;
  /** Tries under way for one endpoint, over all processes, 1 to 100. Default 2. */
  readonly perEndpoint?: number;
  /** Longer than any try takes: what is not settled by then is sent again. Default 60 s. */
  readonly leaseMs?: number;
  readonly clock?: Clock;
  readonly random?: () => number;
}

/** What is to be sent. */
export interface Errand {
  readonly endpointId: string;
  /** This event before what is due otherwise. */
  readonly eventId?: string;
}

/** Sends. */
export interface Sender {
  /**
   * Sends what is due to an endpoint, one event after the other, until nothing is due, others are at it, the breaker is
   * open, the signal aborts or its turn is over. Answers how many tries were made.
   *
   * @throws LongshoreError `delivery_unavailable` (retryable)
   */
  send(errand: Errand, options: { readonly signal: AbortSignal }): Promise<number>;
}

/** Two keep one endpoint busy while one answer is on its way, and let a hanging one have no more. */
export const PER_ENDPOINT = 2;
const LEASE_MS = 60_000;
/** Then another endpoint has its turn with this slot. */
const TURN_MS = 10_000;

/** Makes a sender. */
export function createSender(options: SenderOptions): Sender {
  const { store, perEndpoint = PER_ENDPOINT, leaseMs = LEASE_MS, clock = systemClock } = options;
  const claim = (errand: Errand): Promise<Claim | undefined> =>
    store.schedule.claim({ ...errand, nowMs: Math.floor(clock.nowMs()), leaseMs, cap: perEndpoint });
  return {
    async send(errand, { signal }) {
      const untilMs = clock.nowMs() + TURN_MS;
      const rest = { endpointId: errand.endpointId };
      let held = await claim(errand);
      let tries = 0;
      while (held !== undefined) {
        await attempt(held, options, signal);
        tries += 1;
        if (signal.aborted || clock.nowMs() >= untilMs) break;
        held = await claim(rest);
      }
      return tries;
    },
  };
}

async function attempt(claim: Claim, options: SenderOptions, signal: AbortSignal): Promise<void> {
  const { store, clock = systemClock, random = Math.random, log } = options;
  const startMs = clock.nowMs();
  const result = await tryOnce(claim, options, signal).catch(async (error: unknown) => {
    // Nobody knows whether it came through: it comes again, with the same id.
    await store.schedule.release(claim);
    throw error;
  });
  const nowMs = Math.floor(clock.nowMs());
  const facts = { endpoint: claim.endpoint, attempt: claim.attempt, result, nowMs, random: random() };
  const decision = decide(facts);
  const entry = attemptOf(claim, result, startMs, nowMs);
  const isHeld = await store.schedule.settle({ claim, attempt: entry, ...decision });
  const told = { event: claim.event.id, endpoint: claim.endpoint.id, ...entry };
  if (!isHeld)
    log.warn(told, 'A try took longer than its lease: another process may have sent the event, too');
  else if (decision.next.state === 'delivered') log.debug(told, 'Delivered');
  else log.warn({ ...told, next: decision.next }, 'Not delivered');
  if (isHeld) await tellOfDisabling(claim, decision, nowMs, options);
}

async function tryOnce(claim: Claim, options: SenderOptions, signal: AbortSignal): Promise<SendResult> {
  const { destinations, links, clock = systemClock } = options;
  const { event, endpoint, sequence } = claim;
  const destination = destinations.find(({ kind }) => kind === endpoint.kind);
  if (destination === undefined)
    return { kind: 'failed', error: `This process has no destination "${endpoint.kind}"` };
  const url = event.linkId === undefined ? undefined : links.url(event.linkId);
  const delivery = {
    endpoint,
    id: event.id,
    type: event.type,
    atMs: clock.nowMs(),
    body: eventBody(event, sequence, url),
  };
  try {
    return await destination.send(delivery, { signal });
  } catch (error) {
    if (!signal.aborted) return { kind: 'failed', error: errorDetails(error).message };
    throw new LongshoreError('interrupted', `Stopped while sending event "${event.id}"`, {
      cause: error,
      retryable: true,
    });
  }
}

/** What an operator needs to see of a failure; no more, because a receiver may have written it. */
const MAX_ERROR_LENGTH = 300;

function attemptOf(claim: Claim, result: SendResult, startMs: number, nowMs: number): Attempt {
  return {
    eventId: claim.event.id,
    endpointId: claim.endpoint.id,
    attempt: claim.attempt,
    atMs: Math.floor(startMs),
    durationMs: Math.max(0, Math.round(nowMs - startMs)),
    outcome: result.kind,
    ...(result.status === undefined ? {} : { status: result.status }),
    ...('error' in result ? { error: result.error.slice(0, MAX_ERROR_LENGTH) } : {}),
  };
}

/** The tenant's other endpoints hear that one was disabled; so does the log. */
async function tellOfDisabling(
  { endpoint, event }: Claim,
  { endpoint: change }: Decision,
  nowMs: number,
  { store, log }: SenderOptions,
): Promise<void> {
  if (change?.state !== 'disabled') return;
  const reason = change.disabledReason ?? '';
  log.error({ endpoint: endpoint.id, tenant: endpoint.tenant, reason }, 'An endpoint was disabled');
  await store.schedule.emit({
    // Once for each time that it is disabled: the event that did it is another the next time.
    id: deterministicId('endpoint.disabled', endpoint.id, event.id, String(nowMs)),
    type: 'endpoint.disabled',
    tenant: endpoint.tenant,
    atMs: nowMs,
    data: { endpointId: endpoint.id, target: endpoint.target, reason },
  });
}
