/** Which ECS task this process runs in, by the metadata endpoint (version 4) that ECS gives every container. */
import { sleep, type Clock } from '@longshore/job';
import type { Logger } from '@longshore/worker';

/** What a worker reports of its task. */
export interface EcsTask {
  readonly taskArn: string;
  /** Task definition, `family:revision`. */
  readonly revision: string;
}

/** Options of {@link readEcsTask}. */
export interface EcsTaskOptions {
  /** `ECS_CONTAINER_METADATA_URI_V4`. */
  readonly metadataUri: string;
  readonly log: Pick<Logger, 'warn'>;
  readonly clock: Clock;
  readonly fetch: typeof globalThis.fetch;
}

/** The endpoint answers within milliseconds, but not always in the first moments of a task. */
const TRIES = 3;
const TIMEOUT_MS = 2_000;
const PAUSE_MS = 1_000;

/** The task, or `undefined` when the endpoint does not say; never rejects. */
export async function readEcsTask(options: EcsTaskOptions): Promise<EcsTask | undefined> {
  const { metadataUri, log, clock, fetch } = options;
  let trouble: unknown;
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    if (attempt > 1) await sleep(PAUSE_MS, { clock });
    try {
      const response = await fetch(`${metadataUri}/task`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
      const body: unknown = await response.json();
      const task = response.ok ? parseTask(body) : undefined;
      if (task !== undefined) return task;
      trouble = new Error(`It answered ${response.status} without TaskARN, Family and Revision`);
    } catch (error) {
      trouble = error;
    }
  }
  log.warn({ err: trouble }, 'The ECS metadata endpoint does not tell the task, reporting without it');
  return undefined;
}

function parseTask(body: unknown): EcsTask | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const { TaskARN, Family, Revision }: Partial<Record<string, unknown>> = { ...body };
  if (typeof TaskARN !== 'string' || !TaskARN.startsWith('arn:')) return undefined;
  if (typeof Family !== 'string' || typeof Revision !== 'string') return undefined;
  return { taskArn: TaskARN, revision: `${Family}:${Revision}` };
}
