/**
 * The job `record-document`: what became of a document's extraction, into the warehouse. A job is complete after the
 * commit of its batch, so what is delivered again finds its row and changes nothing.
 */
import { defineJob, type JobDefinition } from '@longshore/job';
import { documentEventSchema, type DocumentEvent, type Warehouse } from '@longshore/warehouse';
import { handle, type HandlerBinding } from '@longshore/worker';

/** The job. */
export const recordDocument: JobDefinition<DocumentEvent, DocumentEvent> = defineJob({
  name: 'record-document',
  schema: documentEventSchema,
  idempotencyKey: ({ tenant = '', documentId, revision }) => `${tenant}:${documentId}:${revision}`,
});

/** The handlers of the service on a warehouse. */
export function warehouseHandlers({ warehouse }: { readonly warehouse: Warehouse }): HandlerBinding[] {
  return [
    handle(recordDocument, async (context) => {
      const recorded = await warehouse.record(context.payload, { signal: context.signal });
      if (recorded.kind === 'rejected')
        context.log.warn(
          { documentId: context.payload.documentId, reason: recorded.reason },
          'The warehouse refuses the row; it is among warehouse.longshore_rejects',
        );
    }),
  ];
}
