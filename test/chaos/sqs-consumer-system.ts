/** sqs-consumer on the same endpoint, behind the same faults. */
import { setTimeout as delay } from 'node:timers/promises';
import { GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import { STORM } from './faults.ts';
import { LOCAL, openSqsStage } from './sqs-stage.ts';
import type { System } from './system.ts';
import { jobIdOf, type Task } from './task.ts';

/** sqs-consumer with a redrive policy. */
export function sqsConsumerSystem({ maxReceives }: { readonly maxReceives: number }): System {
  return {
    name: `sqs-consumer 15 (maxReceiveCount ${maxReceives})`,
    settings:
      'handleMessage, batchSize 10, visibilityTimeout 3 s, heartbeatInterval 1 s, an SQSClient with its own defaults',
    fixture: new URL('./fixture-sqs-consumer.ts', import.meta.url),
    drainMs: 120_000,
    async open({ dice }) {
      const stage = await openSqsStage({ dice, rates: STORM, leaseMs: 3_000, maxReceives });
      const client = new SQSClient({ endpoint: stage.upstream, useQueueUrlAsEndpoint: false, ...LOCAL });
      const { QueueUrl = '' } = await client.send(new GetQueueUrlCommand({ QueueName: 'jobs' }));
      client.destroy();
      return {
        proxy: stage.proxy,
        envOf: () => ({ ENDPOINT: stage.proxy.endpoint, QUEUE_URL: QueueUrl }),
        async enqueue(tasks) {
          // What it did not take for sure is sent again; sqs-consumer itself has no producer.
          for (let left = tasks; left.length > 0; await delay(left.length > 0 ? 50 : 0)) {
            const results = await stage.faulty.send(left.map((task) => ({ body: bodyOf(task) })));
            left = left.filter((_task, index) => results[index]?.ok !== true);
          }
        },
        counts: stage.counts,
        dead: stage.dead,
        [Symbol.asyncDispose]: () => stage[Symbol.asyncDispose](),
      };
    },
  };
}

function bodyOf(task: Task): string {
  const id = jobIdOf(task.n);
  if (task.does === 'garbled') return `{"this is ${id}`;
  return JSON.stringify({ id, ...task, ...(task.does === 'invalid' ? { workMs: 'soon' } : {}) });
}
