/**
 * The job `publish-document`: what extraction has made of a document is made available, and whoever asked is told.
 *
 * Three steps, each of which may be killed and repeated: files and manifest in the object store, one transaction that
 * records document, link, event and schedule, one message per endpoint. Should the messages be lost, the sweeper sends.
 */
import {
  bury,
  defineJob,
  deterministicId,
  systemClock,
  type Clock,
  type Directive,
  type JobDefinition,
} from '@longshore/job';
import { handle, type HandlerBinding, type HandlerContext } from '@longshore/worker';
import { z } from 'zod';
import { assertSendable, type EventType } from './event.ts';
import type { LinkMint } from './links/link-token.ts';
import { asDependency, notifyEndpoint } from './notify-endpoint.ts';
import { publishFiles } from './publish-files.ts';
import type { DeliveredDocument, DeliveryEvent, DeliveryStore } from './store/delivery-store.ts';
import { TENANT } from './tenant.ts';

/** Payload of `publish-document`; whatever else extraction says is ignored. */
export interface PublishDocument {
  /** SHA-256 of the document, hex. */
  readonly documentId: string;
  /** From 1, grows with each extraction of the document. */
  readonly revision: number;
  /** The name that people know the document by. */
  readonly source: string;
  readonly outcome: 'extracted' | 'rejected';
  /** Of a rejection. */
  readonly code?: string;
  /** Of what was extracted. */
  readonly artefactKey?: string;
  readonly pages?: number;
  readonly words?: number;
  readonly language?: string;
  /** Whose document it is: letters, digits, `.`, `_`, `@`, `-`. Default `default`. */
  readonly tenant: string;
}

/** What producers pass. */
export type PublishDocumentInput = Omit<PublishDocument, 'tenant'> & { readonly tenant?: string | undefined };

const payload: z.ZodType<PublishDocument, PublishDocumentInput> = z
  .object({
    documentId: z.string().regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 in hex'),
    revision: z.number().int().min(1).max(1_000_000_000),
    source: z.string().min(1).max(1_024),
    outcome: z.enum(['extracted', 'rejected']),
    code: z.string().max(100).exactOptional(),
    artefactKey: z.string().min(1).exactOptional(),
    pages: z.number().int().min(0).exactOptional(),
    words: z.number().int().min(0).exactOptional(),
    language: z.string().max(35).exactOptional(),
    tenant: TENANT.default('default'),
  })
  .refine(({ outcome, artefactKey }) => outcome === 'rejected' || artefactKey !== undefined, {
    path: ['artefactKey'],
    message: 'an extracted document has one',
  });

/** The job. */
export const publishDocument: JobDefinition<PublishDocumentInput, PublishDocument> = defineJob({
  name: 'publish-document',
  schema: payload,
  idempotencyKey: ({ tenant, documentId, revision, outcome }) =>
    `${tenant}:${documentId}:${revision}:${outcome}`,
});

/** Options of {@link publishDocumentHandler}. */
export interface PublishDocumentOptions {
  readonly store: DeliveryStore;
  readonly links: LinkMint;
  /** How long links to a document lead to it. Default 30 days. */
  readonly availableForMs?: number;
  readonly clock?: Clock;
}

const AVAILABLE_FOR_MS = 2_592_000_000;

/** The handler. */
export function publishDocumentHandler(options: PublishDocumentOptions): HandlerBinding {
  return handle(publishDocument, async (context) => {
    try {
      return await publish(context, options);
    } catch (error) {
      throw asDependency(error);
    }
  });
}

async function publish(
  context: HandlerContext<PublishDocument>,
  options: PublishDocumentOptions,
): Promise<Directive | undefined> {
  const { payload: job, log, objects, signal } = context;
  const { store, links, availableForMs = AVAILABLE_FOR_MS, clock = systemClock } = options;
  const nowMs = Math.floor(clock.nowMs());
  const published = await publishFiles(objects, job, { nowMs, signal });
  if (published.kind === 'corrupt') return bury('corrupt', published.reason);
  const document: DeliveredDocument = {
    tenant: job.tenant,
    documentId: job.documentId,
    revision: job.revision,
    outcome: job.outcome,
    source: job.source,
    ...(published.file === undefined ? {} : { file: published.file }),
    availableAtMs: nowMs,
    expiresAtMs: nowMs + availableForMs,
  };
  const link = links.mint(document, nowMs);
  const event = eventOf(job, document, link?.id);
  assertSendable(event);
  const recorded = await store.documents.record({ document, event, ...(link === undefined ? {} : { link }) });
  const facts = { documentId: job.documentId, revision: job.revision, tenant: job.tenant };
  if (recorded.kind === 'stale') log.info(facts, 'A newer revision is available already');
  else log.info({ ...facts, outcome: job.outcome, told: recorded.pending.length }, 'Available');
  await Promise.all(
    recorded.pending.map((each) => context.enqueue(notifyEndpoint, each, { key: each.endpointId })),
  );
  return undefined;
}

/** The same event, with the same id, whenever the job runs for this revision. */
function eventOf(
  job: PublishDocument,
  document: DeliveredDocument,
  linkId: string | undefined,
): DeliveryEvent {
  const type: EventType = job.outcome === 'extracted' ? 'document.available' : 'document.rejected';
  const { file, expiresAtMs } = document;
  const described =
    file === undefined
      ? { code: job.code ?? 'rejected' }
      : {
          file: { name: file.name, bytes: file.bytes, sha256: file.sha256, contentType: file.contentType },
          expiresAt: new Date(expiresAtMs).toISOString(),
        };
  return {
    id: deterministicId(type, job.tenant, job.documentId, String(job.revision)),
    type,
    tenant: job.tenant,
    atMs: document.availableAtMs,
    data: {
      documentId: job.documentId,
      revision: job.revision,
      source: job.source,
      ...(job.pages === undefined ? {} : { pages: job.pages }),
      ...(job.words === undefined ? {} : { words: job.words }),
      ...(job.language === undefined ? {} : { language: job.language }),
      ...described,
    },
    ...(linkId === undefined ? {} : { linkId }),
  };
}
