/** What becomes of a document in the sandbox. */
import type { DocumentHead, PageImage } from '../engine.ts';
import type { ReadPage } from './messages.ts';

/** Why there is no text. */
export type RejectionCode =
  | 'encrypted'
  | 'corrupt'
  | 'too_large'
  | 'timed_out'
  | 'out_of_memory'
  | 'engine_crashed';

/** Which engine worked. */
export interface EngineId {
  readonly name: string;
  readonly version: string;
}

/** A document that was read. `pages` may be fewer than `pagesWanted`: damaged ones are left out. */
export interface DocumentRead {
  readonly kind: 'ok';
  readonly engine: EngineId;
  readonly head: DocumentHead;
  readonly pages: readonly ReadPage[];
  /** How many of the document's pages were asked for. */
  readonly pagesWanted: number;
  /** The page that was wanted as an image, where the engine could draw it. */
  readonly image?: PageImage;
}

/** A document that was not read. */
export interface DocumentFailed {
  readonly kind: 'failed';
  readonly code: RejectionCode;
  readonly reason: string;
  /**
   * Whose doing it was, where it was not the document's, so that another try may go better: `start`, the child broke down
   * before it had the document; `others`, somebody else killed it (the kernel, for the memory of the whole container; an
   * operator). Absent: the document's.
   */
  readonly blame?: 'start' | 'others';
}

/** Result of a sandboxed extraction. */
export type SandboxOutcome = DocumentRead | DocumentFailed;

/** A failure for what the document is or does. */
export function failed(code: RejectionCode, reason: string): DocumentFailed {
  return { kind: 'failed', code, reason };
}
