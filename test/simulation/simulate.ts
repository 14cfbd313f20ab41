/** One seed: a world is drawn, runs until everything has come to its end, and is judged. */
import { Fleet, MAX_CRASHES } from './fleet.ts';
import { LATE_WORK, WORK } from './handlers.ts';
import { Ledger } from './ledger.ts';
import { faultyNetwork } from './network.ts';
import { processObjects } from './process-objects.ts';
import { processQueue } from './process-queue.ts';
import { seededRandom } from './random.ts';
import { drawScenario, type PlannedJob } from './scenario.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import { simulatedSqs } from './simulated-sqs.ts';
import type { Trace } from './trace.ts';
import { turnEvents } from './turn-events.ts';
import { virtualTime } from './virtual-time.ts';
import { waiters } from './waiters.ts';

/** What came of a seed. */
export interface SeedResult {
  readonly seed: number;
  /** Broken rules, the first that broke first. */
  readonly violations: readonly string[];
  /** What happened, one event a line, each with its time. */
  readonly trace: readonly string[];
  readonly events: number;
}

const START_MS = 1_800_000_000_000;
const QUEUE = 'simulated';
/** No seed may take longer, whatever it waits for. */
const LONGEST_MS = 3_600_000;
/** Pollers wait this long between tries at most, and a call that hangs takes its time. */
const BACKOFF_MS = 25_000;
const ENQUEUE_AGAIN_MS = 1_000;

/** Runs a seed. The same seed gives the same trace, byte by byte; it is taken down on demand. */
export async function simulate(seed: number, isTraced = false): Promise<SeedResult> {
  const random = seededRandom(seed);
  const time = virtualTime(START_MS);
  const trace: string[] = [];
  const note: Trace | undefined = isTraced
    ? (text) => void trace.push(`${time.nowMs() - START_MS} ${text}`)
    : undefined;
  const scenario = drawScenario(random.fork(), START_MS);
  const ledger = new Ledger({
    nowMs: time.nowMs,
    trace: note,
    slots: scenario.slots,
    maxCrashes: MAX_CRASHES,
  });
  const sqs = simulatedSqs(time.nowMs, {
    onSent: (stored) => ledger.sent(stored),
    onDelivered: (stored, cause) => ledger.delivered(stored, cause),
    onShared: (stored) => ledger.explain(stored, 'duplicate'),
    onHiddenAgain: (stored) => ledger.explain(stored, 'extended after its release'),
    onDeleted: (stored) => ledger.deleted(stored),
    onDeadLetter: (letter, jobId) => ledger.deadLetter(letter, jobId),
  });
  const mix = scenario.faults;
  const network = faultyNetwork({ time, mix, random: random.fork(), trace: note });
  const polls = waiters({ sqs, time, mix, random: random.fork(), ledger });
  const objects = new Map<string, string>();
  const connect = (process: SimulatedProcess) => ({
    queue: processQueue({ name: QUEUE, process, network, sqs, waiters: polls, ledger, trace: note }),
    objects: processObjects({ process, network, stored: objects, sqs, ledger }),
  });
  const fleet = new Fleet({ scenario, time, random: random.fork(), ledger, sqs, connect, trace: note });

  let unsent = scenario.jobs.length;
  const client = fleet.outsider('producer');
  const producer = fleet.producer(client, connect(client));
  const enqueue = (plan: PlannedJob): void => {
    const id = `job-${plan.index}`;
    const account = ledger.plan(id, plan);
    const definition = plan.kind === 'late' ? LATE_WORK : WORK;
    const payload = { job: id, padding: plan.isLarge ? 'x'.repeat(5_000) : '' };
    // Who hears nothing sends again, under the id that the job has.
    producer.enqueue(definition, payload, { id, delayMs: plan.delayMs }).then(
      () => {
        account.isEnqueued = true;
        unsent -= 1;
        ledger.progress(time.nowMs() + plan.delayMs);
      },
      () => void client.clock.after(ENQUEUE_AGAIN_MS, () => enqueue(plan)),
    );
  };
  for (const plan of scenario.jobs) time.after(plan.enqueueAtMs, () => enqueue(plan));
  fleet.start();

  let events = 0;
  let isEnding = false;
  const step = (): boolean => {
    events += 1;
    const nowMs = time.nowMs();
    const isOver = nowMs >= mix.healAtMs && unsent === 0 && sqs.size === 0 && fleet.pending === 0;
    if (isOver && !isEnding) {
      isEnding = true;
      note?.('everything is done');
      fleet.end();
    }
    if (isEnding && fleet.alive === 0) return false;
    const patienceMs = Math.max(mix.healAtMs, ledger.busyUntilMs) + 2 * scenario.leaseMs + BACKOFF_MS;
    if (nowMs > patienceMs || nowMs > START_MS + LONGEST_MS)
      ledger.violate('no progress', `${sqs.size} messages left, ${fleet.alive} workers alive`);
    return ledger.violations.length === 0 && time.step();
  };
  await turnEvents(step);
  if (ledger.violations.length === 0) ledger.checkEnd();
  return { seed, violations: ledger.violations, trace, events };
}
