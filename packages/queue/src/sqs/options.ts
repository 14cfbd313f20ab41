/** How an SQS queue is reached. Plain data, so that another thread can open the same queue. */
import { LongshoreError } from '@longshore/job';
import { leanTransport } from './lean-transport.ts';
import { sdkTransport } from './sdk-transport.ts';
import type { SqsTransport } from './transport.ts';

/** Where SQS is, who asks, and how. */
export interface SqsConnectionOptions {
  /** Default: found by the AWS SDK (environment, profile), over its own transport. */
  readonly region?: string;
  /** URL of an SQS-compatible endpoint. Default: AWS. */
  readonly endpoint?: string;
  /** Default: the SDK's provider chain (environment, ECS task role, profile). */
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
  /**
   * `lean`: signed calls over keep-alive connections of our own, a fifth of the SDK's processor time. The default where
   * there is a `region` or an `endpoint`. `sdk`: @aws-sdk/client-sqs, for FIPS and dual-stack endpoints, proxies and
   * regions from the environment or a profile; the default otherwise.
   */
  readonly transport?: 'lean' | 'sdk';
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

/** Opens the transport that the options name. @throws LongshoreError `invalid_options`. */
export function openTransport(options: SqsConnectionOptions): SqsTransport {
  const isPlaced = options.region !== undefined || options.endpoint !== undefined;
  const { transport = isPlaced ? 'lean' : 'sdk' } = options;
  if (transport === 'lean') return leanTransport(options);
  if (transport === 'sdk') return sdkTransport(options);
  throw new LongshoreError(
    'invalid_options',
    `SQS transport ${JSON.stringify(transport)} is none: expected "lean" or "sdk"`,
  );
}
