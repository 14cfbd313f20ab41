/** The SDK by hand: SendMessageBatch of ten, some calls in flight. It makes an id and a body for each message, no more. */
import { randomUUID } from 'node:crypto';
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs';
import { joinParent, settings } from './client.ts';
import { KEYS, type SqsAddress } from './connection.ts';
import { JOB_NAME, samplePayload } from './workload.ts';

/** Settings of this client. */
export interface SdkProducerSettings extends SqsAddress {
  readonly callsInFlight: number;
}

const BATCH = 10;

const { endpoint, queueUrl: QueueUrl, callsInFlight } = settings() as SdkProducerSettings;
const client = joinParent();
const sqs = new SQSClient({ endpoint, ...KEYS });

function body(index: number): string {
  const id = randomUUID();
  const payload = samplePayload(index);
  return JSON.stringify({ longshore: 1, id, name: JOB_NAME, version: 1, key: id, at: Date.now(), payload });
}

async function caller(): Promise<void> {
  while (client.isOpen()) {
    const Entries = Array.from({ length: BATCH }, (_, index) => ({
      Id: String(index),
      MessageBody: body(index),
    }));
    await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    client.handledMany(BATCH);
  }
}

await Promise.all(Array.from({ length: callsInFlight }, caller));
