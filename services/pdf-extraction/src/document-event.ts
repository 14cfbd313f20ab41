/**
 * What extraction tells other services of a document: that it has an outcome, and its figures. Each service takes what it
 * needs by a schema of its own. An event may come again, with the same document and revision.
 */
import { hostname } from 'node:os';
import type { JobDefinition } from '@longshore/job';
import type { HandlerContext } from '@longshore/worker';
import { artefactKey, rejectionKey, revisionOf, type Artefact, type Rejection } from './artefact.ts';
import type { TextLayer } from './engine.ts';

/** An event. Times are ISO 8601. */
export interface DocumentEvent {
  /** SHA-256 of the PDF, hex. */
  readonly documentId: string;
  /** From 1; grows with each version of the extractor, and with OCR. */
  readonly revision: number;
  /** The name that people know the document by. */
  readonly source: string;
  readonly outcome: 'extracted' | 'rejected';
  /** Of a rejection. */
  readonly code?: Rejection['code'];
  /** Where the extracted text lies. */
  readonly artefactKey?: string;
  /** Where it stands why there is none. */
  readonly rejectionKey?: string;
  readonly contentType: 'application/pdf';
  readonly bytes: number;
  readonly pages: number;
  readonly words: number;
  /** ISO 639-1 code, or `und`. */
  readonly language: string;
  readonly textLayer: TextLayer;
  readonly engine?: string;
  readonly enqueuedAt: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly waitedMs: number;
  readonly extractMs: number;
  readonly attempt: number;
  /** Host that extracted it. */
  readonly worker: string;
}

/** A job of another service that is told of each document. */
export interface FollowUp {
  /** Name of the job. */
  readonly job: string;
  readonly enqueue: (
    context: Pick<HandlerContext<unknown>, 'enqueue'>,
    event: DocumentEvent,
  ) => Promise<void>;
}

/** Makes a follow-up of a job; `toPayload` takes what the job wants. */
export function followUp<Input, Output>(
  definition: JobDefinition<Input, Output>,
  toPayload: (event: DocumentEvent) => Input,
): FollowUp {
  return {
    job: definition.name,
    enqueue: (context, event) =>
      context.enqueue(definition, toPayload(event), { key: `${event.documentId}:${event.revision}` }),
  };
}

/** What a document came to. */
export type DocumentResult = Artefact | Rejection;

/** The event of a document's result. */
export function documentEvent(
  { job, attempt }: Pick<HandlerContext<unknown>, 'job' | 'attempt'>,
  result: DocumentResult,
  facts: {
    readonly source: string;
    readonly bytes: number;
    readonly startedAtMs: number;
    readonly nowMs: number;
  },
): DocumentEvent {
  const { documentId } = result;
  const { source, bytes, startedAtMs, nowMs } = facts;
  return {
    documentId,
    revision: revisionOf(result),
    source,
    ...('code' in result
      ? { outcome: 'rejected', code: result.code, rejectionKey: rejectionKey(documentId), ...NOTHING }
      : {
          outcome: 'extracted',
          artefactKey: artefactKey(documentId, revisionOf(result)),
          pages: result.pages.length,
          words: result.words,
          language: result.language,
          textLayer: result.textLayer,
          engine: result.extractor.engine,
        }),
    contentType: 'application/pdf',
    bytes,
    enqueuedAt: isoTime(job.enqueuedAtMs),
    startedAt: isoTime(startedAtMs),
    finishedAt: isoTime(nowMs),
    waitedMs: Math.round(job.waitedMs),
    extractMs: Math.round(nowMs - startedAtMs),
    attempt,
    worker: hostname(),
  };
}

const NOTHING = { pages: 0, words: 0, language: 'und', textLayer: 'empty' } as const;

function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
