/** A worker process on sqs-consumer, as its README shows it, with a heartbeat. */
import { flushCompileCache } from 'node:module';
import { SQSClient } from '@aws-sdk/client-sqs';
import { fsObjectStore } from '@longshore/objects/fs';
import { Consumer } from 'sqs-consumer';
import { performTask } from './perform-task.ts';
import { openRunLog } from './run-log.ts';
import { LOCAL } from './sqs-stage.ts';
import { taskSchema } from './task.ts';

const { ENDPOINT = '', QUEUE_URL = '', OBJECTS = '', RUN_LOG = '' } = process.env;
const objects = fsObjectStore({ root: OBJECTS, durable: false });
const log = openRunLog(RUN_LOG);

const app = Consumer.create({
  queueUrl: QUEUE_URL,
  sqs: new SQSClient({ endpoint: ENDPOINT, useQueueUrlAsEndpoint: false, ...LOCAL }),
  batchSize: 10,
  waitTimeSeconds: 1,
  visibilityTimeout: 3,
  heartbeatInterval: 1,
  messageSystemAttributeNames: ['ApproximateReceiveCount'],
  handleMessage: async (message) => {
    const task = taskSchema.parse(JSON.parse(message.Body ?? ''));
    const attempt = Number(message.Attributes?.ApproximateReceiveCount);
    const end = await performTask(task, { objects, log, attempt });
    if (end === 'bury') throw new Error(`Task ${task.n} is no good`);
    return message;
  },
});
app.on('error', (error) => console.error(error.message));
app.on('processing_error', (error) => console.error(error.message));
app.start();
process.send?.('ready');
// Who is killed leaves no compiled code to the next one.
flushCompileCache();
process.once('SIGTERM', () => {
  app.once('stopped', () => process.exit(0));
  app.stop({ abort: true });
});
