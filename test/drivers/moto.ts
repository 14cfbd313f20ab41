/** moto, an emulator of AWS that others wrote, in a container of its own: a second opinion on what SQS does. */
import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

/** A running emulator. */
export interface Moto extends AsyncDisposable {
  readonly endpoint: string;
}

const IMAGE = 'longshore/moto:5.1.1';
const READY_WITHIN_MS = 60_000;
const run = promisify(execFile);

/** Starts a container; `test/docker/moto-image.sh` builds its image. */
export async function startMoto(): Promise<Moto> {
  const { stdout: id } = await docker(
    'run',
    '--detach',
    '--rm',
    '--label',
    'longshore=moto',
    '--publish',
    '127.0.0.1::5000',
    IMAGE,
  );
  const container = id.trim();
  const remove = async (): Promise<void> => {
    await docker('rm', '--force', container);
  };
  try {
    const { stdout: address } = await docker('port', container, '5000/tcp');
    const endpoint = `http://${address.trim().split('\n')[0] ?? ''}`;
    await answering(endpoint);
    return { endpoint, [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

function docker(...args: readonly string[]): Promise<{ stdout: string }> {
  return run('docker', args).catch((error: unknown) => {
    throw new Error(
      `docker ${args[0] ?? ''} failed: run test/docker/engine.sh and test/docker/moto-image.sh first`,
      { cause: error },
    );
  });
}

async function answering(endpoint: string): Promise<void> {
  const endMs = performance.now() + READY_WITHIN_MS;
  for (;;) {
    const response = await fetch(`${endpoint}/moto-api/`).catch(() => undefined);
    await response?.body?.cancel();
    if (response?.ok === true) return;
    if (performance.now() > endMs) throw new Error(`moto did not answer within ${READY_WITHIN_MS} ms`);
    await delay(200);
  }
}
