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
