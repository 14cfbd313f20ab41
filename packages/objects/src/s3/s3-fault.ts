/** Answers of S3, and failures to get one, in the words of the port. */
import { isLongshoreError, LongshoreError } from '@longshore/job';

/** What an S3 error says, read without trusting its shape: servers other than AWS leave parts out. */
export interface S3Answer {
  readonly name: string;
  readonly message: string;
  /** HTTP status; `undefined` when no answer came. */
  readonly status: number | undefined;
  /** How often the SDK sent the request. */
  readonly attempts: number | undefined;
}

/** What a thrown value says. */
export function answerOf(error: unknown): S3Answer {
  if (!(error instanceof Error))
    return { name: 'UnknownError', message: String(error), status: undefined, attempts: undefined };
  const { $metadata } = error as { $metadata?: { httpStatusCode?: unknown; attempts?: unknown } };
  return {
    name: error.name,
    message: error.message,
    status: numberOf($metadata?.httpStatusCode),
    attempts: numberOf($metadata?.attempts),
  };
}

/** Whether the key does not exist. A missing bucket is a failure of the store and no answer about a key. */
export function isMissing(error: unknown): boolean {
  const { name, status } = answerOf(error);
  return status === 404 && name !== 'NoSuchBucket' && name !== 'NoSuchUpload';
}

/** Whether `If-None-Match: *` found an object. S3 at times answers so with status 200 (aws-sdk-java-v2#6023). */
export function isTaken(error: unknown): boolean {
  const { name, status } = answerOf(error);
  return status === 412 || name === 'PreconditionFailed';
}

/** Whether another conditional write of the key is under way; S3 asks for the upload to be tried again. */
export function isConflict(error: unknown): boolean {
  const { name, status } = answerOf(error);
  return status === 409 || name === 'ConditionalRequestConflict';
}

const REMEDIES: Readonly<Record<string, string>> = {
  NoSuchBucket: 'create the bucket or correct its name',
  AccessDenied:
    'allow s3:GetObject, s3:PutObject, s3:DeleteObject, s3:AbortMultipartUpload on its objects and s3:ListBucket on the bucket ' +
    '(without s3:ListBucket S3 answers so for missing objects too)',
  PermanentRedirect: "set the client's region to the bucket's",
  AuthorizationHeaderMalformed: "set the client's region to the bucket's",
  InvalidAccessKeyId: 'correct the credentials of the client',
  SignatureDoesNotMatch: 'correct the credentials of the client',
  CredentialsProviderError: 'give the client credentials',
};

/** Faults of the request itself: the same call fails again. */
const PERMANENT_STATUSES: readonly (number | undefined)[] = [400, 405, 411, 414, 501];
/** Refused with 400, but for a reason that passes. */
const PASSING = new Set([
  'RequestTimeout',
  'ExpiredToken',
  'ExpiredTokenException',
  'AuthorizationHeaderMalformed',
  'BadDigest',
]);

/**
 * The error that a call throws. Network failures, throttling, server errors, and faults of set-up (missing bucket,
 * permission, credentials) are retryable: they lie outside the call, and a job must not be buried for them.
 */
export function s3Fault(action: string, error: unknown): LongshoreError {
  if (isLongshoreError(error)) return error;
  const { name, message, status } = answerOf(error);
  if (name === 'EntityTooLarge') {
    return new LongshoreError('too_large', `Cannot ${action}: it is above the server's size limit`, {
      cause: error,
    });
  }
  const remedy = REMEDIES[name] ?? (status === 403 ? REMEDIES['AccessDenied'] : undefined);
  const answer = status === undefined ? `${name}: ${message}` : `S3 answered ${status} ${name}: ${message}`;
  return new LongshoreError(
    'object_store_unavailable',
    `Cannot ${action}: ${answer}${remedy === undefined ? '' : `; ${remedy}`}`,
    {
      cause: error,
      retryable: PASSING.has(name) || !PERMANENT_STATUSES.includes(status),
      details: { name, ...(status === undefined ? {} : { status }) },
    },
  );
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
