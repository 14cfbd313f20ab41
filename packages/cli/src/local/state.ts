/**
 * Where a local fleet keeps what it knows: the folder `.longshore/` beside the fleet file, or the one that
 * `LONGSHORE_STATE` names. Deleting it starts afresh. With `LONGSHORE_QUEUE=bullmq` it is a fleet of its own, whose queues
 * are in Redis, in a folder of its own inside.
 */
import { mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { LongshoreError } from '@longshore/job';
import type { Environment } from '@longshore/launch';

/** What the local queues are served by. */
export type QueueKind = (typeof QUEUE_KINDS)[number];

/** The kinds of {@link QueueKind}. */
export const QUEUE_KINDS = ['sqs', 'bullmq'] as const;

/** Paths of a local fleet. */
export interface LocalState {
  readonly root: string;
  readonly queueKind: QueueKind;
  /** Object store: documents, extracted texts, attempt records. */
  readonly objects: string;
  /** SQLite full-text index. */
  readonly searchIndex: string;
  /** What happened: jobs and scaling decisions. */
  readonly ledger: string;
  /** The queues: SQLite file of the embedded endpoint, or folder of the Redis server. */
  readonly queues: string;
  /** Says which process serves the queues, and where. */
  readonly endpointFile: string;
  /** Output of the workers. */
  readonly logs: string;
}

/** The paths of the fleet in `fleetPath`; creates the folders. */
export async function localState(fleetPath: string, env: Environment): Promise<LocalState> {
  const queueKind = readQueueKind(env['LONGSHORE_QUEUE']);
  const folder = resolve(env['LONGSHORE_STATE'] ?? join(dirname(fleetPath), '.longshore'));
  const root = queueKind === 'sqs' ? folder : join(folder, queueKind);
  const state: LocalState = {
    root,
    queueKind,
    objects: join(root, 'objects'),
    searchIndex: join(root, 'search.db'),
    ledger: join(root, 'ledger.db'),
    queues: join(root, queueKind === 'sqs' ? 'queues.db' : 'redis'),
    endpointFile: join(root, 'endpoint.json'),
    logs: join(root, 'logs'),
  };
  await Promise.all([state.objects, state.logs].map((path) => mkdir(path, { recursive: true })));
  return state;
}

function readQueueKind(value = 'sqs'): QueueKind {
  const kind = QUEUE_KINDS.find((known) => known === value);
  if (kind !== undefined) return kind;
  throw new LongshoreError(
    'invalid_options',
    `LONGSHORE_QUEUE is "${value}", expected ${QUEUE_KINDS.join(' or ')}`,
  );
}
