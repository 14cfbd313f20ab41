/**
 * What the warehouse records of one extraction of a document, and the row that it becomes. Parsing is strict about what
 * the facts need and ignores whatever else an event holds.
 */
import { z } from 'zod';

/** One extraction of a document. Times are ISO 8601 with a zone. */
export interface DocumentEvent {
  /** SHA-256 of the document, hex. */
  readonly documentId: string;
  /** From 1; grows with each extraction of the document. A lower one never overwrites a higher one. */
  readonly revision: number;
  /** Name under which the document came. */
  readonly source: string;
  readonly outcome: 'extracted' | 'rejected';
  /** Why it was rejected. */
  readonly code?: string;
  /** Where the extracted text lies. */
  readonly artefactKey?: string;
  /** Media type. */
  readonly contentType: string;
  /** Size of the document. Absent where it is not known. */
  readonly bytes?: number;
  readonly pages: number;
  readonly words: number;
  /** ISO 639-1 code, or `und`. */
  readonly language: string;
  readonly textLayer: 'present' | 'none' | 'empty';
  readonly engine?: string;
  readonly enqueuedAt?: string;
  readonly startedAt?: string;
  readonly finishedAt: string;
  readonly waitedMs?: number;
  readonly extractMs?: number;
  /** From 1. */
  readonly attempt?: number;
  readonly tenant?: string;
  readonly worker: string;
  /** `true` for what was read back from the object store; an event of the same revision replaces it. */
  readonly isBackfill?: boolean;
}

const count = z.number().int().min(0);
const ms = z.number().min(0);
const time = z.iso.datetime({ offset: true });
const text = z.string();

/** Schema of an event. */
export const documentEventSchema: z.ZodType<DocumentEvent, DocumentEvent> = z.object({
  documentId: z.string().regex(/^[0-9a-f]{64}$/),
  revision: z.number().int().min(1),
  source: text,
  outcome: z.enum(['extracted', 'rejected']),
  code: text.exactOptional(),
  artefactKey: text.exactOptional(),
  contentType: z.string().min(1),
  bytes: count.exactOptional(),
  pages: count,
  words: count,
  language: text,
  textLayer: z.enum(['present', 'none', 'empty']),
  engine: text.exactOptional(),
  enqueuedAt: time.exactOptional(),
  startedAt: time.exactOptional(),
  finishedAt: time,
  waitedMs: ms.exactOptional(),
  extractMs: ms.exactOptional(),
  attempt: z.number().int().min(1).exactOptional(),
  tenant: text.exactOptional(),
  worker: z.string().min(1),
  isBackfill: z.boolean().exactOptional(),
});

/** A value as PostgreSQL is sent it. */
export type ColumnValue = string | number | null;

/** A column of `warehouse.document_row`. */
export interface Column {
  readonly name: string;
  readonly type: 'text' | 'integer' | 'bigint' | 'smallint' | 'timestamptz';
  readonly valueOf: (event: DocumentEvent) => ColumnValue;
}

const whole = (value: number | undefined): number | null => (value === undefined ? null : Math.round(value));

/** The columns of `warehouse.document_row`, in its order. */
export const COLUMNS: readonly Column[] = [
  { name: 'document_id', type: 'text', valueOf: (event) => event.documentId },
  { name: 'revision', type: 'integer', valueOf: (event) => event.revision },
  { name: 'tenant', type: 'text', valueOf: (event) => event.tenant ?? '' },
  { name: 'detail', type: 'smallint', valueOf: (event) => (event.isBackfill === true ? 0 : 1) },
  { name: 'source', type: 'text', valueOf: (event) => event.source },
  { name: 'outcome', type: 'text', valueOf: (event) => event.outcome },
  { name: 'code', type: 'text', valueOf: (event) => event.code ?? null },
  { name: 'artefact_key', type: 'text', valueOf: (event) => event.artefactKey ?? null },
  { name: 'content_type', type: 'text', valueOf: (event) => event.contentType },
  { name: 'bytes', type: 'bigint', valueOf: (event) => event.bytes ?? null },
  { name: 'pages', type: 'integer', valueOf: (event) => event.pages },
  { name: 'words', type: 'bigint', valueOf: (event) => event.words },
  { name: 'language', type: 'text', valueOf: (event) => event.language },
  { name: 'text_layer', type: 'text', valueOf: (event) => event.textLayer },
  { name: 'engine', type: 'text', valueOf: (event) => event.engine ?? null },
  { name: 'enqueued_at', type: 'timestamptz', valueOf: (event) => event.enqueuedAt ?? null },
  { name: 'started_at', type: 'timestamptz', valueOf: (event) => event.startedAt ?? null },
  { name: 'finished_at', type: 'timestamptz', valueOf: (event) => event.finishedAt },
  { name: 'waited_ms', type: 'bigint', valueOf: (event) => whole(event.waitedMs) },
  { name: 'extract_ms', type: 'bigint', valueOf: (event) => whole(event.extractMs) },
  { name: 'attempt', type: 'integer', valueOf: (event) => event.attempt ?? null },
  { name: 'worker', type: 'text', valueOf: (event) => event.worker },
];
