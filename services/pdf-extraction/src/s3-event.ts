/**
 * PDFs announced by S3 itself: "object created" messages become jobs. The bucket is the operator's setting; an event of
 * another bucket is refused, whatever the message says.
 */
import { bury, defineJob, deterministicId, type Envelope, type JobDefinition } from '@longshore/job';
import { handle, type ForeignDecoder, type HandlerBinding } from '@longshore/worker';
import { z } from 'zod';
import { extractPdf } from './extract-pdf.ts';

const record = z.object({
  eventName: z.string(),
  s3: z.object({
    bucket: z.object({ name: z.string() }),
    object: z.object({ key: z.string(), eTag: z.string().optional(), sequencer: z.string().optional() }),
  }),
});

/** Records of one S3 event message. */
const importS3EventSchema: z.ZodObject<{ records: z.ZodArray<typeof record> }> = z.object({
  records: z.array(record),
});

type Payload = z.infer<typeof importS3EventSchema>;

/** The job that an S3 event message is read as. */
export const importS3Event: JobDefinition<Payload, Payload> = defineJob({
  name: 'import-s3-event',
  schema: importS3EventSchema,
});

/** Reads S3 event messages, directly from S3 or passed on by SNS or EventBridge. */
export const decodeS3Event: ForeignDecoder = (json, { messageId, sentAtMs }): Envelope | undefined => {
  const records = recordsOf(json);
  if (records === undefined) return undefined;
  return {
    id: deterministicId('s3-event', messageId),
    name: importS3Event.name,
    version: importS3Event.version,
    payload: { records },
    idempotencyKey: messageId,
    enqueuedAtMs: sentAtMs,
    attempts: [],
  };
};

/** One `extract-pdf` job for each created object of the bucket that is configured. */
export function importS3EventHandler(bucket: string | undefined): HandlerBinding {
  return handle(importS3Event, async (context) => {
    const { payload, log } = context;
    const foreign = payload.records.find((entry) => entry.s3.bucket.name !== bucket);
    if (foreign !== undefined) {
      return bury(
        'foreign_bucket',
        `The event is of bucket "${foreign.s3.bucket.name}", LONGSHORE_INPUT_BUCKET is ${bucket === undefined ? 'not set' : `"${bucket}"`}`,
      );
    }
    for (const { eventName, s3 } of payload.records) {
      if (!/ObjectCreated/.test(eventName)) continue;
      // S3 encodes keys as in forms: a space is a plus sign.
      const key = decodeURIComponent(s3.object.key.replaceAll('+', ' '));
      const version = s3.object.sequencer ?? s3.object.eTag ?? '';
      await context.enqueue(extractPdf, { key, source: key }, { key: `${key}#${version}` });
      log.info({ key }, 'Imported');
    }
    return undefined;
  });
}

function recordsOf(json: unknown): unknown[] | undefined {
  if (typeof json !== 'object' || json === null) return undefined;
  const { Records, Event, Message, detail, source } = json as Record<string, unknown>;
  if (Array.isArray(Records)) return Records as unknown[];
  // What S3 sends once when a notification is set up.
  if (Event === 's3:TestEvent') return [];
  if (typeof Message === 'string' && Message.startsWith('{')) {
    try {
      return recordsOf(JSON.parse(Message));
    } catch {
      return undefined;
    }
  }
  if (source === 'aws.s3' && typeof detail === 'object' && detail !== null)
    return [{ eventName: 'ObjectCreated', s3: detail }];
  return undefined;
}
