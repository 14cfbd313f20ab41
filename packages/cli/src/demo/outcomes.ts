/**
 * What became of each document, read from where the workers leave it: the extracted text, the rejection record, the
 * index, and the dead-letter queues. Nothing is asked of the workers, so a killed one changes nothing here.
 */
import { parseJson, type AttemptRecord } from '@longshore/job';
import { readText, type ObjectStore } from '@longshore/objects';
import { listDeadLetters, type Queue } from '@longshore/queue';
import type { SearchIndex } from '@longshore/search';
import type { DocumentService } from './document-service.ts';

/** What is known of one document. */
export interface DocumentOutcome {
  readonly state: 'pending' | 'extracted' | 'indexed' | 'failed';
  readonly pages: number;
  readonly words: number;
  /** Pages are pictures: there is no text to find. */
  readonly scanned: boolean;
  readonly code?: string;
  readonly reason?: string;
}

/** Outcomes by SHA-256. */
export interface Outcomes {
  readonly all: ReadonlyMap<string, DocumentOutcome>;
  /** Reads what is new. Cheap: a document with its end known is not looked at again. */
  refresh(): Promise<void>;
  /** Reads reasons of documents that ended in a dead-letter queue without a rejection record. */
  readDeadLetters(): Promise<void>;
}

/** Options of {@link trackOutcomes}. */
export interface OutcomesOptions {
  readonly documents: readonly string[];
  readonly service: DocumentService;
  readonly objects: ObjectStore;
  readonly index: SearchIndex;
  readonly deadLetters: readonly Queue[];
}

const PENDING: DocumentOutcome = { state: 'pending', pages: 0, words: 0, scanned: false };
/** Documents looked up at a time: stat calls, so as many as a thread pool takes. */
const CONCURRENCY = 8;
const DEAD_LETTERS = 10_000;

/** Starts with every document pending. */
export function trackOutcomes(options: OutcomesOptions): Outcomes {
  const { documents, service, objects, index, deadLetters } = options;
  const all = new Map<string, DocumentOutcome>(documents.map((sha256) => [sha256, PENDING]));

  const lookAt = async (sha256: string): Promise<void> => {
    const rejection = await readRecord(objects, service.rejectionKey(sha256));
    if (rejection !== undefined) {
      const { code = 'corrupt', reason = '' } = rejection as { code?: string; reason?: string };
      all.set(sha256, { ...PENDING, state: 'failed', code, reason });
      return;
    }
    const artefact = await readRecord(objects, service.artefactKey(sha256));
    if (artefact === undefined) return;
    const {
      pageCount = 0,
      words = 0,
      textLayer,
    } = artefact as { pageCount?: number; words?: number; textLayer?: string };
    all.set(sha256, { state: 'extracted', pages: pageCount, words, scanned: textLayer === 'none' });
  };

  const inState = (state: DocumentOutcome['state']): string[] =>
    [...all].filter(([, outcome]) => outcome.state === state).map(([sha256]) => sha256);

  return {
    all,
    async refresh() {
      const pending = inState('pending');
      await Promise.all(
        Array.from({ length: CONCURRENCY }, async () => {
          for (let sha256 = pending.pop(); sha256 !== undefined; sha256 = pending.pop()) await lookAt(sha256);
        }),
      );
      const extracted = inState('extracted');
      if (extracted.length === 0) return;
      const revisions = await index.revisions(extracted);
      for (const sha256 of extracted) {
        if (revisions.has(sha256)) all.set(sha256, { ...(all.get(sha256) ?? PENDING), state: 'indexed' });
      }
    },
    async readDeadLetters() {
      // Looking at a dead-letter queue hides its messages for a moment, so only when there is something to learn.
      if (inState('pending').length + inState('extracted').length === 0) return;
      for (const queue of deadLetters) {
        for (const { body, code, reason, attempts } of await listDeadLetters(queue, {
          limit: DEAD_LETTERS,
        })) {
          const sha256 = documents.find((candidate) => body.includes(candidate));
          const outcome = sha256 === undefined ? undefined : all.get(sha256);
          if (
            sha256 === undefined ||
            outcome === undefined ||
            outcome.state === 'indexed' ||
            outcome.state === 'failed'
          )
            continue;
          all.set(sha256, { ...outcome, state: 'failed', code: lastCode(attempts) ?? code, reason });
        }
      }
    },
  };
}

function lastCode(attempts: readonly AttemptRecord[]): string | undefined {
  return attempts.at(-1)?.code;
}

async function readRecord(objects: ObjectStore, key: string): Promise<object | undefined> {
  const text = await readText(objects, key);
  if (text === undefined) return undefined;
  const json = parseJson(text);
  return json.ok && typeof json.value === 'object' && json.value !== null ? json.value : undefined;
}
