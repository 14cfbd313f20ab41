/** sqs-consumer, one or several in the process, on one client of the SDK with its default keep-alive agent. */
import { setTimeout as wait } from 'node:timers/promises';
import { SQSClient } from '@aws-sdk/client-sqs';
import { Consumer, type ConsumerOptions } from 'sqs-consumer';
import { blockLoop } from './block-loop.ts';
import { fail, joinParent, settings } from './client.ts';
import { KEYS, type SqsAddress } from './connection.ts';
import { waitsMs, type HandlerKind } from './workload.ts';

/** Settings of this client. */
export interface SqsConsumerSettings extends SqsAddress {
  readonly consumers: number;
  readonly batchSize: number;
  /** `handleMessageBatch` instead of `handleMessage`. */
  readonly whole: boolean;
  readonly handler: HandlerKind;
  /** Of the waits. Default 1. */
  readonly seed?: number;
  readonly visibilityTimeout?: number;
  readonly heartbeatInterval?: number;
  readonly blockMs?: number;
}

const {
  endpoint,
  queueUrl,
  consumers,
  batchSize,
  whole,
  handler,
  seed = 1,
  blockMs,
  ...timing
} = settings() as SqsConsumerSettings;
const client = joinParent();
const nextWaitMs = waitsMs(handler, seed);
const sqs = new SQSClient({ endpoint, ...KEYS });

async function work(): Promise<void> {
  if (blockMs !== undefined) return blockLoop(client, blockMs);
  const waitMs = nextWaitMs();
  if (waitMs > 0) await wait(waitMs);
  client.handled(waitMs);
}

const handlers: Pick<ConsumerOptions, 'handleMessage' | 'handleMessageBatch'> = whole
  ? {
      async handleMessageBatch(messages) {
        await Promise.all(messages.map(work));
        return messages;
      },
    }
  : {
      async handleMessage(message) {
        await work();
        return message;
      },
    };

/** With a heartbeat that comes late the message is gone: that is what is measured then. Else it measures nothing. */
function report(error: Error): void {
  if (blockMs === undefined) fail(error);
  console.error(`sqs-consumer: ${error.message}`);
}

for (let index = 0; index < consumers; index += 1) {
  const consumer = Consumer.create({ queueUrl, sqs, batchSize, ...handlers, ...timing });
  consumer.on('error', report).on('processing_error', report).on('timeout_error', report);
  consumer.start();
}
