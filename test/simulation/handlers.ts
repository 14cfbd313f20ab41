/** The handlers of the simulated jobs: each does what its job's plan says, and tells the ledger. */
import { bury, defineJob, release, retry, sleep, type JobDefinition } from '@longshore/job';
import { handle, type HandlerBinding, type HandlerContext } from '@longshore/worker';
import type { Ledger, Run } from './ledger.ts';
import { EFFECTS } from './process-objects.ts';
import { BASE_DELAY_MS, MAX_ATTEMPTS, type JobKind, type PlannedJob } from './scenario.ts';
import type { SimulatedProcess } from './simulated-process.ts';

/** A job's payload: which of the simulator's jobs it is. */
export interface Payload {
  readonly job: string;
  readonly padding: string;
}

/** A definition of simulated jobs. */
export type SimulatedDefinition = JobDefinition<Payload, Payload>;

const define = (name: string): SimulatedDefinition =>
  defineJob({
    name,
    schema: {
      '~standard': {
        version: 1,
        vendor: 'simulation',
        validate: (value: unknown) => ({ value: value as Payload }),
        types: undefined as unknown as { readonly input: Payload; readonly output: Payload },
      },
    },
    retry: { maxAttempts: MAX_ATTEMPTS, baseDelayMs: BASE_DELAY_MS, maxDelayMs: 60_000 },
  });

/** The job that every worker knows. */
export const WORK = define('work');
/** The job that new workers know. */
export const LATE_WORK = define('late-work');

/** What handlers work with. */
export interface HandlerWorld {
  readonly process: SimulatedProcess;
  readonly ledger: Ledger;
  readonly isNewVersion: boolean;
}

/** What it means when a job of this kind answers with a directive. */
const STATES: Partial<Record<JobKind, Run['state']>> = {
  releasing: 'given-back',
  failing: 'failed',
  unwanted: 'buried',
};

const EFFECT_RETRY_MS = 250;

/** The handlers of one process. */
export function simulatedHandlers(world: HandlerWorld): HandlerBinding[] {
  const run = async (context: HandlerContext<Payload>): Promise<unknown> => {
    const { ledger, process } = world;
    const account = ledger.started(process, context.payload.job, context.attempt, context.signal);
    if (account === undefined) throw new Error(`There is no job "${context.payload.job}"`);
    try {
      const result = await work(account, context, world);
      ledger.ended(
        account,
        result === undefined ? 'succeeded' : (STATES[account.job.plan.kind] ?? 'succeeded'),
      );
      return result;
    } catch (error) {
      ledger.ended(account, context.signal.aborted ? 'aborted' : 'failed');
      throw error;
    }
  };
  return world.isNewVersion ? [handle(WORK, run), handle(LATE_WORK, run)] : [handle(WORK, run)];
}

async function work({ job }: Run, context: HandlerContext<Payload>, world: HandlerWorld): Promise<unknown> {
  const { clock } = world.process;
  const { plan } = job;
  const isDeaf = plan.kind === 'deaf';
  if (plan.kind === 'killer') {
    await sleep(plan.durationMs % 50, { clock });
    world.process.end('killed by a job');
    return undefined;
  }
  if (isDeaf) await sleep(plan.durationMs, { clock });
  else await sleep(plan.durationMs, { clock, signal: context.signal });
  if (!isDeaf) context.signal.throwIfAborted();
  if (plan.kind === 'unwanted') return bury('unwanted', 'Nobody wants it');
  if (plan.kind === 'poison') throw new Error('It always fails');
  if (plan.kind === 'failing' && context.attempt <= plan.times) {
    if (plan.index % 2 === 0) throw new Error(`It fails ${plan.times} times`);
    return retry('It wants another attempt');
  }
  if (plan.kind === 'releasing' && job.releases < plan.times) return release({ delayMs: 300 });
  await takeEffect(context, clock, isDeaf);
  if (plan.kind === 'parent') await followUp(plan, context, world);
  return undefined;
}

/** An effect under the job's key, tried until the store has answered. */
async function takeEffect(
  context: HandlerContext<Payload>,
  clock: SimulatedProcess['clock'],
  isDeaf: boolean,
): Promise<void> {
  for (;;) {
    if (!isDeaf) context.signal.throwIfAborted();
    try {
      await context.objects.create(`${EFFECTS}${context.job.idempotencyKey}`, context.payload.job);
      return;
    } catch {
      await sleep(EFFECT_RETRY_MS, { clock });
    }
  }
}

async function followUp(
  plan: PlannedJob,
  context: HandlerContext<Payload>,
  { ledger, process }: HandlerWorld,
): Promise<void> {
  const id = `${context.payload.job}-next`;
  const account = ledger.plan(id, { ...plan, kind: 'good' });
  for (;;) {
    context.signal.throwIfAborted();
    try {
      await context.enqueue(WORK, { job: id, padding: '' }, { key: 'next' });
      account.isEnqueued = true;
      return;
    } catch {
      await sleep(EFFECT_RETRY_MS, { clock: process.clock });
    }
  }
}
