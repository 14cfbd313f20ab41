/** The SQS endpoint of a soak, in a process of its own, so that it can be killed; says its URL to its parent. */
import { startSqsEndpoint } from '@longshore/sqs-endpoint';

const { DATABASE = '', PORT = '0' } = process.env;
const endpoint = await startSqsEndpoint({ database: DATABASE, port: Number(PORT) });
process.send?.(endpoint.url);
process.once('disconnect', () => process.exit(0));
