/**
 * The job `count-document`: what became of a document, added to the datasets. A job is complete after the commit of its
 * batch, and a document's revision counts once however often it comes.
 */
import {
  LongshoreError,
  defineJob,
  isLongshoreError,
  systemClock,
  type Clock,
  type JobDefinition,
} from '@longshore/job';
import { handleBatch, type HandlerBinding } from '@longshore/worker';
import { z } from 'zod';
import type { TalliedDataset } from './datasets/tallied-dataset.ts';
import type { DashboardStore } from './store/dashboard-store.ts';

/** Payload: the part of a document's event that is counted; anything else of it is ignored. Times are ISO 8601. */
export interface CountDocument {
  readonly documentId: string;
  /** From 1. */
  readonly revision: number;
  readonly outcome: 'extracted' | 'rejected';
  /** Why it was rejected. */
  readonly code?: string | undefined;
  readonly pages: number;
  readonly words: number;
  readonly finishedAt: string;
  /** In the queue. */
  readonly waitedMs: number;
  readonly extractMs: number;
}

const amount = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
/** A text of a dashboard, which takes no more. */
const code = z.string().min(1).max(60).regex(/^\S+$/, 'expected no spaces');

const payload: z.ZodType<CountDocument, CountDocument> = z.object({
  documentId: z.string().min(1).max(200),
  revision: amount.min(1),
  outcome: z.enum(['extracted', 'rejected']),
  code: code.optional(),
  pages: amount,
  words: amount,
  finishedAt: z.iso.datetime({ offset: true }),
  waitedMs: z.number().min(0),
  extractMs: z.number().min(0),
});

/** The job. */
export const countDocument: JobDefinition<CountDocument, CountDocument> = defineJob({
  name: 'count-document',
  schema: payload,
  idempotencyKey: ({ documentId, revision }) => `${documentId}:${revision}`,
});

/** What the handler counts, and where. */
export interface CountDocumentOptions {
  readonly store: DashboardStore;
  readonly datasets: readonly TalliedDataset<CountDocument>[];
  /** Default: the machine's. */
  readonly clock?: Pick<Clock, 'nowMs'>;
}

/** The handler of {@link countDocument}: jobs that a worker has at a time are counted in one transaction. */
export function countDocumentHandler(options: CountDocumentOptions): HandlerBinding {
  const { store, datasets, clock = systemClock } = options;
  return handleBatch(countDocument, {
    async write(jobs) {
      const facts = jobs.map(({ payload: fact }) => ({
        id: `${fact.documentId}:${fact.revision}`,
        tallies: datasets.flatMap(({ dataset, tally }) => {
          const tallied = tally(fact);
          return tallied === undefined ? [] : [{ dataset: dataset.id, ...tallied }];
        }),
      }));
      await store.count(facts, clock.nowMs()).catch((error: unknown) => {
        throw isDown(error)
          ? new LongshoreError('dependency_down', error.message, { cause: error, retryable: true })
          : error;
      });
      return jobs.map(() => ({ ok: true, value: undefined }));
    },
  });
}

function isDown(error: unknown): error is LongshoreError {
  return isLongshoreError(error, 'dashboard_unavailable') && error.retryable;
}
