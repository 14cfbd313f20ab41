/** A Redis server of its own for one test, without persistence. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { until } from './stage.ts';

/** Starts a server with this policy for a full memory; BullMQ needs `noeviction`. */
export async function startRedis(policy: string): Promise<{ readonly url: string } & AsyncDisposable> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  const settings = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--maxmemory-policy',
    policy,
  ];
  const child = spawn('redis-server', settings, { stdio: ['ignore', 'pipe', 'ignore'] });
  const failed = once(child, 'error').then(([error]) => {
    throw new Error('Install Redis for this test (Debian: apt-get install redis-server)', { cause: error });
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  await Promise.race([
    failed,
    until('Redis is ready', () => Promise.resolve(output.includes('Ready to accept'))),
  ]);
  return {
    url: `redis://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}
