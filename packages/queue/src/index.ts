export type {
  BuryEntry,
  EntryResult,
  Lease,
  Message,
  OutgoingMessage,
  Queue,
  QueueCapabilities,
  QueueConnection,
  QueueCounts,
  ReceiveOptions,
} from './queue.ts';
export { releaseClaim, resolveClaim } from './claim-check.ts';
export type { ResolvedClaim } from './claim-check.ts';
export { deadLetterMessage, readDeadLetter } from './dead-letter.ts';
export type { Burial, DeadLetter } from './dead-letter.ts';
export { createProducer } from './producer.ts';
export type { EnqueueOptions, EnqueueSummary, EnqueuedJob, Producer, ProducerOptions } from './producer.ts';
export { listDeadLetters, redrive } from './redrive.ts';
export type { RedriveOptions, RedriveResult } from './redrive.ts';
