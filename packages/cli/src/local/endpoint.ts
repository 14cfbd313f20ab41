/**
 * The embedded SQS-compatible endpoint: serves the local queues on a loopback port, keeps them in SQLite, so that a
 * killed fleet goes on where it was. One process serves a state folder at a time and says so in a file.
 */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { LongshoreError, parseJson } from '@longshore/job';
import type { LocalState } from './state.ts';

/** A served endpoint. */
export interface Endpoint extends AsyncDisposable {
  readonly url: string;
  close(): Promise<void>;
}

/** Who serves the queues of a state folder. */
export interface EndpointOwner {
  readonly url: string;
  readonly pid: number;
}

/** The process that serves this state now, if one does. */
export async function findEndpoint(state: LocalState): Promise<EndpointOwner | undefined> {
  const text = await readFile(state.endpointFile, 'utf8').catch(() => '');
  const json = parseJson(text);
  if (!json.ok || typeof json.value !== 'object' || json.value === null) return undefined;
  const { url, pid } = json.value as { url?: unknown; pid?: unknown };
  if (typeof url !== 'string' || typeof pid !== 'number' || !isAlive(pid)) return undefined;
  return (await answers(url)) ? { url, pid } : undefined;
}

/**
 * Serves the queues of a state folder.
 *
 * @throws LongshoreError `invalid_options` when another process serves them already.
 */
export async function startEndpoint(state: LocalState): Promise<Endpoint> {
  const owner = await findEndpoint(state);
  if (owner !== undefined) {
    const message = `Cannot start a local fleet in "${state.root}": process ${owner.pid} runs one there; stop it first, or use another folder`;
    throw new LongshoreError('invalid_options', message, { details: { pid: owner.pid, folder: state.root } });
  }
  const { startSqsEndpoint } = await import('@longshore/sqs-endpoint');
  const server = await startSqsEndpoint({ database: state.queues });
  const { url } = server;
  await writeFile(state.endpointFile, JSON.stringify({ url, pid: process.pid }));
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= server.close().then(() => rm(state.endpointFile, { force: true }));
    return closed;
  };
  return { url, close, [Symbol.asyncDispose]: close };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(2_000) });
    await response.body?.cancel();
    return true;
  } catch {
    return false;
  }
}
