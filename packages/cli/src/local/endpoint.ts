/**
 * Who serves the queues of a local fleet: the embedded SQS-compatible endpoint on SQLite, or a Redis server for BullMQ.
 * Both keep them on disk, so that a killed fleet goes on where it was. One process serves a state folder at a time and
 * says so in a file.
 */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { LongshoreError, parseJson } from '@longshore/job';
import { isRedisAnswering, startRedis } from './redis-process.ts';
import type { LocalState } from './state.ts';

/** Served queues. */
export interface Endpoint extends AsyncDisposable {
  /** `http://…` speaks SQS, `redis://…` holds BullMQ's queues. */
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
 * @throws LongshoreError `invalid_options` when another process serves them already, or Redis cannot be started.
 */
export async function startEndpoint(state: LocalState): Promise<Endpoint> {
  const owner = await findEndpoint(state);
  if (owner !== undefined) {
    const message = `Cannot start a local fleet in "${state.root}": process ${owner.pid} runs one there; stop it first, or use another folder`;
    throw new LongshoreError('invalid_options', message, { details: { pid: owner.pid, folder: state.root } });
  }
  const server = await startServer(state);
  const { url } = server;
  await writeFile(state.endpointFile, JSON.stringify({ url, pid: process.pid }));
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= server.close().then(() => rm(state.endpointFile, { force: true }));
    return closed;
  };
  return { url, close, [Symbol.asyncDispose]: close };
}

async function startServer({
  queueKind,
  queues,
}: LocalState): Promise<{ url: string; close(): Promise<void> }> {
  if (queueKind === 'bullmq') return startRedis(queues);
  const { startSqsEndpoint } = await import('@longshore/sqs-endpoint');
  return startSqsEndpoint({ database: queues });
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
  if (url.startsWith('redis:')) return isRedisAnswering(url);
  try {
    const response = await fetch(`${url}/health`, { signal: AbortSignal.timeout(2_000) });
    await response.body?.cancel();
    return true;
  } catch {
    return false;
  }
}
