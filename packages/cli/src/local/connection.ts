/**
 * What a command works on: the fleet of the environment (`LONGSHORE_OBJECTS` is set), or the local fleet of this folder,
 * whose queues this process serves itself for a moment when nobody else does.
 */
import type { Fleet } from '@longshore/fleet';
import { deadLetterQueueName, physicalQueueName } from '@longshore/fleet';
import { openFleet, readSettings, type Environment, type OpenFleet } from '@longshore/launch';
import { createSqsQueues } from '@longshore/queue/sqs';
import { findEndpoint, startEndpoint, type Endpoint } from './endpoint.ts';
import { localEnvironment } from './environment.ts';
import { runnableFleet } from './runnable-fleet.ts';
import { localState } from './state.ts';
import { readTasks, type LocalTask } from './tasks-file.ts';

/** An opened connection. */
export interface Connection extends AsyncDisposable {
  readonly opened: OpenFleet;
  /** Variables for worker processes on the same fleet. */
  readonly env: Readonly<Record<string, string>>;
  readonly searchIndexPath: string | undefined;
  /** Tasks of the local fleet that runs now; empty when none does. */
  tasks(): Promise<readonly LocalTask[]>;
  close(): Promise<void>;
}

/** Options of {@link connect}. */
export interface ConnectOptions {
  readonly fleet: Fleet;
  /** Path of the fleet file; the local state lies beside it. */
  readonly fleetPath: string;
  readonly env: Environment;
}

/** Connects. Nothing is changed but that missing local queues are created. */
export async function connect({ fleet, fleetPath, env }: ConnectOptions): Promise<Connection> {
  if (env['LONGSHORE_OBJECTS'] !== undefined) {
    const opened = await openFleet(fleet, readSettings(env));
    const close = (): Promise<void> => opened.close();
    return {
      opened,
      env: {},
      searchIndexPath: env['LONGSHORE_SEARCH_INDEX'],
      tasks: () => Promise.resolve([]),
      close,
      [Symbol.asyncDispose]: close,
    };
  }
  const state = await localState(fleetPath, env);
  const owner = await findEndpoint(state);
  let own: Endpoint | undefined;
  if (owner === undefined) own = await startEndpoint(state);
  const url = owner?.url ?? own?.url ?? '';
  const variables = localEnvironment(runnableFleet(fleet, env), state, url);
  await createLocalQueues(fleet, url);
  const opened = await openFleet(fleet, readSettings({ ...env, ...variables }));
  const close = async (): Promise<void> => {
    await opened.close();
    await own?.close();
  };
  return {
    opened,
    env: variables,
    searchIndexPath: state.searchIndex,
    tasks: () => (owner === undefined ? Promise.resolve([]) : readTasks(state)),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/**
 * Creates the queues of a fleet on a local endpoint, with their dead-letter queues. Existing ones stay as they are; in
 * Redis a queue is there once it is used.
 */
export async function createLocalQueues(fleet: Fleet, endpoint: string): Promise<void> {
  if (endpoint.startsWith('redis:')) return;
  await createSqsQueues({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    queues: fleet.queues.map((queue) => ({
      name: physicalQueueName(fleet, queue.name),
      deadLetterName: deadLetterQueueName(fleet, queue.name),
      leaseMs: queue.leaseMs,
      maxReceives: queue.maxReceives,
      retentionMs: queue.retentionMs,
    })),
  });
}
