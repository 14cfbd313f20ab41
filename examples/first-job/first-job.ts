/** A job, a producer and a worker in one process. Run it with `node first-job.ts`. */
import { bury, defineJob } from '@longshore/job';
import { createProducer, type Queue } from '@longshore/queue';
import { memoryQueue } from '@longshore/queue/memory';
import { createWorker, handle, type Worker } from '@longshore/worker';
import { z } from 'zod';

export const greet = defineJob({
  name: 'greet',
  schema: z.object({ name: z.string().min(1) }),
  retry: { maxAttempts: 3 },
});

/** A worker that greets people through `say`, and refuses to greet a ship. */
export function greeter(queue: Queue, say: (text: string) => void): Worker {
  return createWorker({
    queue,
    slots: 5,
    handlers: [
      handle(greet, ({ payload }) => {
        if (payload.name === 'Titanic') return Promise.resolve(bury('no_answer', 'Ships do not answer'));
        say(`Hello ${payload.name}`);
        return Promise.resolve();
      }),
    ],
  });
}

if (import.meta.main) {
  const queue = memoryQueue({ name: 'greetings' });
  const producer = createProducer({ queueFor: () => queue });
  await producer.enqueueAll(greet, [{ name: 'Ada' }, { name: 'Grace' }]);
  await greeter(queue, console.log).tick();
}
