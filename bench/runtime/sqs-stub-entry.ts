/** The stub in a process of its own. Says where it serves, answers each message with its counts, ends with its parent. */
import { startSqsStub, type SqsStubOptions } from './sqs-stub.ts';

process.once('disconnect', () => process.exit());
const stub = await startSqsStub(JSON.parse(process.argv[2] ?? '{}') as SqsStubOptions);
process.on('message', () => process.send?.(stub.counts()));
process.send?.({ endpoint: stub.endpoint, queueUrl: stub.queueUrl });
