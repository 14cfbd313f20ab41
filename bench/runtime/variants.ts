/** What is run: our runtime and its peers, each with its server, by name. Data; `measure.ts` runs them. */
import type { BullmqSettings } from './bullmq-entry.ts';
import type { LongshoreProducerSettings } from './longshore-producer-entry.ts';
import type { LongshoreWorkerSettings } from './longshore-worker-entry.ts';
import type { SdkProducerSettings } from './sdk-producer-entry.ts';
import type { SqsAddress } from './connection.ts';
import type { SqsConsumerSettings } from './sqs-consumer-entry.ts';

type OnStub<Settings extends SqsAddress> = Omit<Settings, keyof SqsAddress>;

/** A client with its settings, on the stub or on Redis. */
export type Variant =
  | {
      readonly server: 'stub';
      /** Added to each call. */
      readonly latencyMs: number;
      readonly entry: string;
      readonly settings: object;
      /** Handlers that really wait need a window that sees many of them. */
      readonly window: 'short' | 'long';
    }
  | {
      readonly server: 'redis';
      readonly entry: string;
      readonly settings: Omit<BullmqSettings, 'port' | 'queue'>;
      readonly window: 'short';
    };

/** A round trip within a region, with the work of SQS. */
const NEAR_MS = 8;
/** Enough callers to keep every batch full. */
const CALLERS = 200;

/** Slots of the mixed handler. */
export const MIXED_SLOTS = 10;

/** All variants. */
export const VARIANTS = {
  longshoreNoop: ours({ slots: 100, handler: 'none' }, 0),
  sqsConsumerBatch: consumers({ consumers: 1, batchSize: 10, whole: true, handler: 'none' }, 0),
  bullmq100: { server: 'redis', entry: 'bullmq-entry.ts', settings: { concurrency: 100 }, window: 'short' },

  longshoreMixed: ours({ slots: MIXED_SLOTS, handler: 'mixed' }, NEAR_MS),
  sqsConsumerMixed10: consumers({ consumers: 1, batchSize: 10, whole: false, handler: 'mixed' }, NEAR_MS),
  sqsConsumerMixedSingles: consumers(
    { consumers: MIXED_SLOTS, batchSize: 1, whole: false, handler: 'mixed' },
    NEAR_MS,
  ),

  longshoreNear: ours({ slots: 100, handler: 'none' }, NEAR_MS),
  sqsConsumerNear: consumers({ consumers: 1, batchSize: 10, whole: true, handler: 'none' }, NEAR_MS),
  sqsConsumerNear16: consumers({ consumers: 16, batchSize: 10, whole: true, handler: 'none' }, NEAR_MS),

  longshoreProducer: onStub<LongshoreProducerSettings>(
    'longshore-producer-entry.ts',
    { callers: CALLERS },
    0,
  ),
  sdkProducer: onStub<SdkProducerSettings>('sdk-producer-entry.ts', { callsInFlight: 4 }, 0),
} as const satisfies Readonly<Record<string, Variant>>;

/** Name of a variant. */
export type VariantName = keyof typeof VARIANTS;

/** The same variant of ours with another transport of the SQS driver. */
export function withTransport(variant: Variant, transport: string): Variant {
  return variant.server === 'stub' ? { ...variant, settings: { ...variant.settings, transport } } : variant;
}

function ours(settings: OnStub<LongshoreWorkerSettings>, latencyMs: number): Variant {
  return onStub<LongshoreWorkerSettings>('longshore-worker-entry.ts', settings, latencyMs);
}

function consumers(settings: OnStub<SqsConsumerSettings>, latencyMs: number): Variant {
  return onStub<SqsConsumerSettings>('sqs-consumer-entry.ts', settings, latencyMs);
}

function onStub<Settings extends SqsAddress>(
  entry: string,
  settings: OnStub<Settings>,
  latencyMs: number,
): Variant {
  const mixed = 'handler' in settings && settings.handler === 'mixed';
  return { server: 'stub', latencyMs, entry, settings, window: mixed ? 'long' : 'short' };
}
