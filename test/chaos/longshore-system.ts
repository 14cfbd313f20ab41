/** Longshore itself: its producer, its SQS queue, its worker. */
import { setTimeout as delay } from 'node:timers/promises';
import { createEnvelope, encodeEnvelope, isLongshoreError } from '@longshore/job';
import { createProducer, type Producer, type Queue } from '@longshore/queue';
import { STORM, type FaultRates } from './faults.ts';
import { openSqsStage } from './sqs-stage.ts';
import type { System } from './system.ts';
import { jobIdOf, work, type Task } from './task.ts';

/** Leases of the workers by their place: different on purpose. */
const LEASES_MS = [2_000, 3_000, 4_000];

/** Longshore on SQS with faults. */
export function longshoreSystem(
  options: {
    readonly rates?: FaultRates;
    readonly slots?: number;
    readonly transport?: 'lean' | 'sdk';
  } = {},
): System {
  const { rates = STORM, slots = 24, transport = 'lean' } = options;
  return {
    name: 'longshore',
    settings: `${transport} transport, ${slots} slots, leases of 2 to 4 s, redrive policy with maxReceiveCount 20, everything else as by default`,
    fixture: new URL('./fixture-longshore.ts', import.meta.url),
    // Good jobs that a dying worker ran go one by one and stay away for up to 45 s in between.
    drainMs: 120_000,
    async open({ dice }) {
      const stage = await openSqsStage({ dice, rates, leaseMs: 3_000, maxReceives: 20 });
      const producer = createProducer({ queueFor: () => stage.faulty, random: dice.fork('producer').roll });
      return {
        proxy: stage.proxy,
        envOf: (place) => ({
          ENDPOINT: stage.proxy.endpoint,
          LEASE_MS: String(LEASES_MS[place % LEASES_MS.length]),
          SLOTS: String(slots),
          TRANSPORT: transport,
        }),
        async enqueue(tasks) {
          await Promise.all(tasks.map((task) => enqueue(producer, stage.faulty, task)));
        },
        restart: stage.restart,
        counts: stage.counts,
        dead: stage.dead,
        async [Symbol.asyncDispose]() {
          await producer.close();
          await stage[Symbol.asyncDispose]();
        },
      };
    },
  };
}

/** What a careful caller does: it sends again, under the same id, until the queue says that it has the job. */
async function enqueue(producer: Producer, queue: Queue, task: Task): Promise<void> {
  const id = jobIdOf(task.n);
  for (let tries = 1; ; tries += 1) {
    try {
      if (task.does === 'invalid' || task.does === 'garbled') await sendRaw(queue, await bodyOf(task, id));
      else await producer.enqueue(work, task, { id });
      return;
    } catch (error) {
      if (!isLongshoreError(error, 'enqueue_failed') || tries === 50) throw error;
      await delay(50);
    }
  }
}

async function bodyOf(task: Task, id: string): Promise<string> {
  if (task.does === 'garbled') return `{"this is ${id}`;
  const body = encodeEnvelope(await createEnvelope(work, task, { id }));
  return body.replace(/"workMs":\d+/, '"workMs":"soon"');
}

async function sendRaw(queue: Queue, body: string): Promise<void> {
  for (;;) {
    const [result] = await queue.send([{ body }]);
    if (result?.ok === true) return;
    await delay(50);
  }
}
