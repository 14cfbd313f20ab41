import { createProducer, listDeadLetters } from '@longshore/queue';
import { memoryQueue } from '@longshore/queue/memory';
import { expect, it } from 'vitest';
import { greet, greeter } from './first-job.ts';

it('greets people and buries what cannot be greeted', async () => {
  const deadLetters = memoryQueue({ name: 'greetings-dlq' });
  const queue = memoryQueue({ name: 'greetings', deadLetters });
  const producer = createProducer({ queueFor: () => queue });
  await producer.enqueueAll(greet, [{ name: 'Ada' }, { name: 'Titanic' }]);
  const said: string[] = [];
  await greeter(queue, (text) => said.push(text)).tick();
  expect(said).toEqual(['Hello Ada']);
  expect(await listDeadLetters(deadLetters, { limit: 5 })).toMatchObject([
    { code: 'no_answer', jobName: 'greet' },
  ]);
});
