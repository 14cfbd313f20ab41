/** An SQS endpoint as a process: the only place that knows which one it is. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A running endpoint. */
export interface EndpointProcess extends AsyncDisposable {
  readonly url: string;
  /** SIGKILLs it; a new one on its port has what it had. */
  kill(): Promise<void>;
  revive(): Promise<void>;
}

/** Starts an endpoint with its queues in a file. */
export async function startEndpointProcess(): Promise<EndpointProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'longshore-chaos-sqs-'));
  let child: ChildProcess | undefined;
  const start = async (port: string): Promise<string> => {
    child = fork(fileURLToPath(new URL('./fixture-endpoint.ts', import.meta.url)), {
      env: { PATH: process.env['PATH'], DATABASE: join(folder, 'queues.db'), PORT: port },
    });
    const [answer] = (await once(child, 'message')) as [string];
    return answer;
  };
  const kill = async (): Promise<void> => {
    if (child === undefined) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    child = undefined;
    await exited;
  };
  const url = await start('0');
  return {
    url,
    kill,
    async revive() {
      await start(new URL(url).port);
    },
    async [Symbol.asyncDispose]() {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
