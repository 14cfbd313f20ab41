/**
 * The job object that a processor is given: the fields and methods of a BullMQ job that mean the same here. All others
 * throw when they are touched, since a field that is silently `undefined` would be found out in production.
 */
import { LongshoreError, type RetryPolicy } from '@longshore/job';
import type { HandlerContext, JobFacts } from '../handler.ts';

/** What a processor told its job to do instead of ending. */
export interface JobMoves {
  delayedUntilMs: number | undefined;
}

/** What {@link processorJob} needs beside the context. */
export interface ProcessorJobOptions {
  readonly name: string;
  readonly retry: RetryPolicy;
  readonly onProgress: ((job: JobFacts, progress: unknown) => Promise<void>) | undefined;
  readonly moves: JobMoves;
}

const CHILDREN = 'enqueue follow-up jobs with `enqueue` of a handler instead';
const QUEUE =
  'a job is in no queue that it could be asked of; look with `longshore status` and `longshore dlq`';
const OWNED = 'the worker settles the job: return, throw, or throw UnrecoverableError';

/** Members of a BullMQ job without a counterpart, each with what to do. */
const MISSING: Readonly<Record<string, string>> = {
  updateData: 'keep state in the object store, or under a key of your own',
  moveToWaitingChildren: CHILDREN,
  getChildrenValues: CHILDREN,
  getIgnoredChildrenFailures: CHILDREN,
  getFailedChildrenValues: CHILDREN,
  getDependencies: CHILDREN,
  getDependenciesCount: CHILDREN,
  removeChildDependency: CHILDREN,
  removeUnprocessedChildren: CHILDREN,
  parent: CHILDREN,
  parentKey: CHILDREN,
  moveToCompleted: OWNED,
  moveToFailed: OWNED,
  moveToWait: OWNED,
  retry: OWNED,
  promote: OWNED,
  remove: OWNED,
  discard: OWNED,
  changeDelay: OWNED,
  changePriority: 'give urgent jobs a queue of their own',
  waitUntilFinished: QUEUE,
  getState: QUEUE,
  isCompleted: QUEUE,
  isFailed: QUEUE,
  isDelayed: QUEUE,
  isActive: QUEUE,
  isWaiting: QUEUE,
  isWaitingChildren: QUEUE,
  queueName: QUEUE,
  queueQualifiedName: QUEUE,
  prefix: QUEUE,
  clearLogs: 'log rows go to the log of the worker',
};

/** Makes it. */
export function processorJob(
  { payload, job, attempt, log }: HandlerContext<unknown>,
  { name, retry, onProgress, moves }: ProcessorJobOptions,
): object {
  let rows = 0;
  const made = {
    id: job.id,
    name,
    data: payload,
    opts: { jobId: job.id, attempts: retry.maxAttempts },
    timestamp: Math.round(job.enqueuedAtMs),
    processedOn: Math.round(job.enqueuedAtMs + job.waitedMs),
    delay: 0,
    priority: 0,
    attemptsMade: attempt - 1,
    attemptsStarted: attempt,
    stalledCounter: 0,
    progress: 0 as unknown,
    returnvalue: null,
    stacktrace: [],
    async updateProgress(progress: unknown): Promise<void> {
      made.progress = progress;
      if (onProgress === undefined) log.info({ progress }, 'Progress');
      else await onProgress(job, progress);
    },
    log(row: string): Promise<number> {
      log.info({}, row);
      rows += 1;
      return Promise.resolve(rows);
    },
    /** Leases are extended while the processor runs, whatever it asks for. */
    extendLock: (): Promise<number> => Promise.resolve(1),
    moveToDelayed(timestamp: number): Promise<void> {
      moves.delayedUntilMs = timestamp;
      return Promise.resolve();
    },
  };
  for (const [member, remedy] of Object.entries(MISSING)) {
    Object.defineProperty(made, member, {
      enumerable: false,
      get() {
        throw new LongshoreError('unsupported', `A processor cannot use job.${member} here: ${remedy}`, {
          details: { member },
        });
      },
    });
  }
  return made;
}
