/** The SQS endpoint of a soak, in a process of its own; says its URL to its parent. */
import { startFauxqs } from 'fauxqs';

async function startEndpoint(): Promise<string> {
  const server = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false });
  return `http://127.0.0.1:${server.port}`;
}

process.send?.(await startEndpoint());
process.once('disconnect', () => process.exit(0));
