/** Our side: the queue and the job that the clients of our runtime share. */
import { defineJob } from '@longshore/job';
import type { Queue } from '@longshore/queue';
import { sqsQueue } from '@longshore/queue/sqs';
import { z } from 'zod';
import { KEYS, queueName, type SqsAddress } from './connection.ts';
import { JOB_NAME } from './workload.ts';

/** Settings of both of our clients. */
export interface LongshoreSettings extends SqsAddress {
  /** Passed on to the driver. Default: the driver's own. */
  readonly transport?: string;
}

/** The job, with a schema that is really applied. */
export const benchTask = defineJob({
  name: JOB_NAME,
  schema: z.object({ customer: z.number().int(), document: z.string().min(1), pages: z.number().int() }),
});

/** The queue. */
export function openQueue({ transport, ...address }: LongshoreSettings): Queue {
  // A driver without this option reads over it.
  const extra: Readonly<Record<string, string>> = transport === undefined ? {} : { transport };
  return sqsQueue({ name: queueName(address), endpoint: address.endpoint, ...KEYS, ...extra });
}
