/** One message in the hands of a worker, from its receipt until it is settled. */
import type { Envelope } from '@longshore/job';
import type { Message } from '@longshore/queue';
import type { Cancellation } from './cancellation.ts';
import type { LeaseToken } from './lease-table.ts';

/** A message with its lease under care. */
export interface Delivery {
  readonly message: Message;
  readonly token: LeaseToken;
  readonly arrivedAtMs: number;
  readonly cancellation: Cancellation;
  /**
   * `starting`: it has a slot, its handler was not called yet. `settling`: its handler has returned and the outcome is carried out. `gone`: given back, lost or settled; whatever
   * its handler still returns is void.
   */
  state: 'waiting' | 'starting' | 'running' | 'settling' | 'gone';
  /** An attempt record says that this attempt crashed, until another one says how it ended. */
  marked: boolean;
  /** Receipts with a record that says nothing any more once the job is done: crashes and interruptions. */
  traces?: readonly number[];
  /** Its payload lies in the object store, and goes when the message is gone. */
  claimed?: Envelope;
}
