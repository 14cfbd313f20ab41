/** How an SQS queue is reached. Plain data, so that another thread can open the same queue. */
import { SQSClient } from '@aws-sdk/client-sqs';

/** Where SQS is and who asks. */
export interface SqsConnectionOptions {
  /** Default: the SDK's own (environment, profile). */
  readonly region?: string;
  /** URL of an SQS-compatible endpoint. Default: AWS. */
  readonly endpoint?: string;
  /** Default: the SDK's provider chain (environment, ECS task role, profile). */
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
}

/** Options of `sqsQueue`. */
export interface SqsQueueOptions extends SqsConnectionOptions {
  /** Queue name; one that ends in `.fifo` is a FIFO queue. */
  readonly name: string;
  /** Name of its dead-letter queue. Default: the one of its redrive policy. */
  readonly deadLetterName?: string;
  /**
   * Messages that are given back stay hidden at least this long. Default 0. For endpoints that cannot make a message
   * visible at once: fauxqs 2.4.1 with its data on disk loses a message whose visibility is set to 0.
   */
  readonly minReleaseMs?: number;
}

/** Tries of the SDK, each with jittered backoff; longer outages are the callers' to wait for. */
const SDK_ATTEMPTS = 3;

/** A client for these options. */
export function sqsClient({ region, endpoint, credentials }: SqsConnectionOptions): SQSClient {
  return new SQSClient({
    maxAttempts: SDK_ATTEMPTS,
    ...(region === undefined ? {} : { region }),
    ...(credentials === undefined ? {} : { credentials }),
    // An emulator's queue URLs may name a host that only the emulator knows.
    ...(endpoint === undefined ? {} : { endpoint, useQueueUrlAsEndpoint: false }),
  });
}
