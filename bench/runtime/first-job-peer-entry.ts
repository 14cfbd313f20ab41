/** The same small worker with sqs-consumer. */
import { SQSClient } from '@aws-sdk/client-sqs';
import { Consumer } from 'sqs-consumer';
import { z } from 'zod';

const [endpoint = '', name = ''] = process.argv.slice(2);

const schema = z.object({
  payload: z.object({ customer: z.number(), document: z.string(), pages: z.number() }),
});

const consumer = Consumer.create({
  queueUrl: `${endpoint}/000000000000/${name}`,
  batchSize: 10,
  sqs: new SQSClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  }),
  handleMessage(message) {
    const { payload } = schema.parse(JSON.parse(message.Body ?? ''));
    process.stdout.write(`first job: ${payload.document}\n`);
    return Promise.resolve(message);
  },
});
consumer.on('error', (error) => console.error(error));
consumer.on('processing_error', (error) => console.error(error));
consumer.start();
