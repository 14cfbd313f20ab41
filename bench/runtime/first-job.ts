/** How long a new process takes until its handler has the first of the jobs that wait. No compile cache. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { queueName } from './connection.ts';
import { startStub, type Surroundings } from './processes.ts';

/** Start times of the runs, ms. */
export interface FirstJobTimes {
  readonly ours: readonly number[];
  readonly peer: readonly number[];
}

const START_WITHIN_MS = 30_000;

/** Starts each worker `runs` times, in turn. `clients` is the folder of a published project. */
export async function firstJobTimes(
  surroundings: Surroundings,
  {
    clients,
    runs,
    transport,
  }: { readonly clients: string; readonly runs: number; readonly transport?: string },
): Promise<FirstJobTimes> {
  await using stub = await startStub(surroundings, { latencyMs: 0 });
  const args = [stub.endpoint, queueName(stub)];
  const ourArgs = transport === undefined ? args : [...args, transport];
  const ours: number[] = [];
  const peer: number[] = [];
  // The first start of each reads the files from the disk, which the later ones find in memory: it does not count.
  for (let run = 0; run <= runs; run += 1) {
    const [ourMs, peerMs] = [
      await firstJobMs([join(clients, 'first-job-entry.js'), ...ourArgs], surroundings),
      await firstJobMs([join(clients, 'first-job-peer-entry.js'), ...args], surroundings),
    ];
    if (run === 0) continue;
    ours.push(ourMs);
    peer.push(peerMs);
  }
  return { ours, peer };
}

function firstJobMs(args: readonly string[], { certificateFile, signal }: Surroundings): Promise<number> {
  const env: NodeJS.ProcessEnv = { ...process.env, NODE_EXTRA_CA_CERTS: certificateFile };
  delete env['NODE_COMPILE_CACHE'];
  signal.throwIfAborted();
  const startMs = performance.now();
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise<number>((resolve, reject) => {
    let tookMs: number | undefined;
    let output = '';
    const stop = (): void => void child.kill('SIGKILL');
    const timer = setTimeout(stop, START_WITHIN_MS);
    signal.addEventListener('abort', stop, { once: true });
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
      if (tookMs !== undefined || !output.includes('first job: ')) return;
      tookMs = performance.now() - startMs;
      stop();
    });
    child.once('error', reject);
    child.once('exit', () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      if (tookMs !== undefined) resolve(tookMs);
      else reject(new Error(`A worker did not get its first job; it printed "${output.slice(0, 500)}"`));
    });
  });
}
