/**
 * What the worker and a sandboxed child say to each other. The child's side of this module has no dependency, because the
 * child may read nothing else.
 */
import type {
  DocumentOpening,
  DrawOptions,
  EngineErrorCode,
  FormField,
  OutlineItem,
  PageImage,
  PageLink,
  TextLayer,
} from '../engine.ts';
import type { PageOcr } from '../ocr/page-ocr.ts';
import type { PageRange } from '../page-ranges.ts';
import type { EngineId } from './outcome.ts';

/** Frame kinds. The worker sends `document`, everything else comes from the child. */
export const KIND = {
  document: 1,
  ready: 2,
  head: 3,
  page: 4,
  done: 5,
  failed: 6,
  outline: 7,
  image: 8,
} as const;

/** One page as it leaves the child: cleaned, counted. The text travels as the frame's body. */
export interface ReadPage {
  /** From 1. */
  readonly page: number;
  readonly label?: string;
  /** With form values and comments appended. */
  readonly text: string;
  /** As the engine gave it: ligatures, hyphens and all. Absent: it was not asked for. */
  readonly original?: string;
  readonly textLayer: TextLayer;
  /** Whether the page shows text that the engine could not turn into characters. */
  readonly hasUnreadableText: boolean;
  readonly words: number;
  readonly fields: readonly FormField[];
  readonly links: readonly PageLink[];
  /** What OCR made of it. Absent: its text is the document's own. */
  readonly ocr?: PageOcr;
}

/** JSON of a `document` frame; its body is the PDF. */
export interface DocumentMessage {
  readonly password?: string;
  /** Pages that are wanted, in order. Default all. */
  readonly pages?: readonly PageRange[];
  /** Whether pages come with their text as the engine gave it. Default false. */
  readonly keepOriginal?: boolean;
  /** A page that is wanted as an image, and nothing else. Default none. */
  readonly image?: DrawOptions;
}

/** From child to worker. */
export type ChildMessage =
  | ({ readonly kind: 'ready' } & EngineId)
  | { readonly kind: 'head'; readonly head: DocumentOpening; readonly bytes: number }
  | { readonly kind: 'outline'; readonly outline: readonly OutlineItem[]; readonly bytes: number }
  | { readonly kind: 'page'; readonly page: ReadPage }
  | { readonly kind: 'image'; readonly image: PageImage }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly code: EngineErrorCode; readonly reason: string };
