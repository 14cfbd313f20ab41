/**
 * PDFs announced by S3 itself: "object created" messages become jobs.
 *
 * A message may come directly from S3, through SNS, or through EventBridge. Which bucket is read is the operator's
 * setting, never the message's: an event of another bucket is buried.
 */
import {
  bury,
  defineJob,
  deterministicId,
  parseJson,
  type Directive,
  type JobDefinition,
} from '@longshore/job';
import { handle, type ForeignDecoder, type HandlerBinding, type HandlerContext } from '@longshore/worker';
import { z } from 'zod';
import { OUTPUT_PREFIXES } from './artefact.ts';
import { extractPdf } from './extract-pdf.ts';

/** A created object. */
export interface CreatedObject {
  readonly bucket: string;
  /** As the object is called, decoded. */
  readonly key: string;
  /** Tells apart several versions of one object: S3's sequencer, else its version or ETag, else empty. */
  readonly revision: string;
}

/** Payload of `import-s3-event`. */
export interface ImportS3Event {
  /** Created objects; empty for test events and for events of other kinds. */
  readonly objects: readonly CreatedObject[];
}

const payload: z.ZodType<ImportS3Event, ImportS3Event> = z.object({
  objects: z
    .array(z.object({ bucket: z.string().min(1), key: z.string().min(1), revision: z.string() }))
    .readonly(),
});

/** The job that an S3 event message is read as. */
export const importS3Event: JobDefinition<ImportS3Event, ImportS3Event> = defineJob({
  name: 'import-s3-event',
  schema: payload,
  idempotencyKey: ({ objects }) => eventKey(objects),
});

// S3 writes eTag and versionId, EventBridge etag and version-id.
const s3Object = z.object({
  key: z.string(),
  sequencer: z.string().nullish(),
  versionId: z.string().nullish(),
  'version-id': z.string().nullish(),
  eTag: z.string().nullish(),
  etag: z.string().nullish(),
});
const s3Entity = z.object({ bucket: z.object({ name: z.string() }), object: s3Object });
// S3-compatible stores send the same with an event source of their own.
const notification = z.object({ Records: z.array(z.object({ eventName: z.string(), s3: s3Entity })) });
const testEvent = z.object({ Service: z.literal('Amazon S3').optional(), Event: z.literal('s3:TestEvent') });
const bridged = z.object({
  source: z.literal('aws.s3'),
  'detail-type': z.string().default('Object Created'),
  detail: s3Entity,
});
const topicMessage = z.object({ Type: z.literal('Notification'), Message: z.string() });

/** Reads S3 event messages, from S3 itself, passed on by SNS (raw or wrapped), or by EventBridge. */
export const decodeS3Event: ForeignDecoder = (json, { messageId, sentAtMs }) => {
  const objects = createdObjects(json);
  if (objects === undefined) return undefined;
  // S3 may announce an object twice, in two messages: both become the same job.
  const key = objects.length === 0 ? messageId : eventKey(objects);
  return {
    id: deterministicId(importS3Event.name, key),
    name: importS3Event.name,
    version: importS3Event.version,
    payload: { objects },
    idempotencyKey: key,
    enqueuedAtMs: sentAtMs,
    attempts: [],
  };
};

/** Options of {@link importS3EventHandler}. */
export interface ImportS3EventOptions {
  /** The bucket whose events are imported. Absent: all events are buried. */
  readonly bucket?: string;
  /** The part of the bucket that the worker's object store serves, without slashes at its ends. Default: all of it. */
  readonly prefix?: string;
}

/** The handler of {@link importS3Event}: one `extract-pdf` job for each created object. */
export function importS3EventHandler(options: ImportS3EventOptions): HandlerBinding {
  return handle(importS3Event, (context) => importObjects(context, options));
}

async function importObjects(
  context: HandlerContext<ImportS3Event>,
  { bucket, prefix = '' }: ImportS3EventOptions,
): Promise<Directive | undefined> {
  const { payload: event, log } = context;
  const foreign = event.objects.find((object) => object.bucket !== bucket);
  if (foreign !== undefined) {
    const expected =
      bucket === undefined ? 'no bucket is configured for events' : `only events of "${bucket}" are imported`;
    return bury('foreign_bucket', `The event is of bucket "${foreign.bucket}", ${expected}`);
  }
  const root = prefix === '' ? '' : `${prefix}/`;
  const outside = event.objects.find(({ key }) => !key.startsWith(root));
  if (outside !== undefined) {
    return bury(
      'foreign_bucket',
      `The event is of object "${outside.key}", only those below "${root}" can be read: narrow the bucket's notification`,
    );
  }
  for (const { key: fullKey, revision } of event.objects) {
    const key = fullKey.slice(root.length);
    if (isInput(key)) await context.enqueue(extractPdf, { key, source: key }, { key: `${key}#${revision}` });
    else log.info({ key }, 'Not an input document, skipped');
  }
  return undefined;
}

/** Folder markers are no documents, and our own output must not come back as input. */
function isInput(key: string): boolean {
  return key !== '' && !key.endsWith('/') && !OUTPUT_PREFIXES.some((prefix) => key.startsWith(prefix));
}

function createdObjects(json: unknown): CreatedObject[] | undefined {
  const topic = topicMessage.safeParse(json);
  if (topic.success) {
    const inner = parseJson(topic.data.Message);
    return inner.ok ? createdObjects(inner.value) : undefined;
  }
  if (testEvent.safeParse(json).success) return [];
  const event = bridged.safeParse(json).data;
  if (event !== undefined)
    return event['detail-type'] === 'Object Created' ? [createdObject(event.detail, (key) => key)] : [];
  const records = notification.safeParse(json).data?.Records;
  return records
    ?.filter(({ eventName }) => /^(?:s3:)?ObjectCreated:/.test(eventName))
    .map(({ s3 }) => createdObject(s3, decodeKey));
}

function createdObject(
  { bucket, object }: z.infer<typeof s3Entity>,
  decode: (key: string) => string,
): CreatedObject {
  const revision =
    object.sequencer ?? object.versionId ?? object['version-id'] ?? object.eTag ?? object.etag ?? '';
  return { bucket: bucket.name, key: decode(object.key), revision };
}

/** S3 encodes keys in its notifications as forms do, a space as a plus sign; EventBridge does not encode them. */
function decodeKey(key: string): string {
  const spaced = key.replaceAll('+', ' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    // No encoded key after all.
    return key;
  }
}

function eventKey(objects: readonly CreatedObject[]): string {
  return deterministicId(...objects.map(({ bucket, key, revision }) => `${bucket}/${key}#${revision}`));
}
