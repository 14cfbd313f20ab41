/**
 * Where a local fleet keeps what it knows: the folder `.longshore/` beside the fleet file, or the one that
 * `LONGSHORE_STATE` names. Deleting it starts afresh.
 */
import { mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Environment } from '@longshore/launch';

/** Paths of a local fleet. */
export interface LocalState {
  readonly root: string;
  /** Object store: documents, extracted texts, attempt records. */
  readonly objects: string;
  /** SQLite full-text index. */
  readonly searchIndex: string;
  /** SQLite file of the embedded endpoint's queues. */
  readonly queues: string;
  /** Says which process serves the queues, and where. */
  readonly endpointFile: string;
  /** Output of the workers. */
  readonly logs: string;
}

/** The paths of the fleet in `fleetPath`; creates the folders. */
export async function localState(fleetPath: string, env: Environment): Promise<LocalState> {
  const root = resolve(env['LONGSHORE_STATE'] ?? join(dirname(fleetPath), '.longshore'));
  const state: LocalState = {
    root,
    objects: join(root, 'objects'),
    searchIndex: join(root, 'search.db'),
    queues: join(root, 'queues.db'),
    endpointFile: join(root, 'endpoint.json'),
    logs: join(root, 'logs'),
  };
  await Promise.all([state.objects, state.logs].map((path) => mkdir(path, { recursive: true })));
  return state;
}
