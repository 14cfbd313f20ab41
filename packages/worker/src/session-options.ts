/** What a session is made of: the worker's checked options with their defaults, and its listeners. */
import type { Clock, Outcome } from '@longshore/job';
import type { ObjectStore } from '@longshore/objects';
import type { Message, Queue } from '@longshore/queue';
import type { ForeignDecoder } from './admission.ts';
import type { FollowUpSender } from './attempt.ts';
import type { AttemptStore } from './attempt-store.ts';
import type { Delivery } from './delivery.ts';
import type { HandlerBinding, Logger, OnceRunner } from './handler.ts';
import type { Metrics } from './metrics.ts';
import type { TaskProtection } from './task-protection.ts';

/** One finished attempt, for statistics. */
export interface FinishedAttempt {
  /** Name of the job; `unknown` for a message that could not be read, and for one that was done before. */
  readonly job: string;
  /** Absent where the name is unknown. */
  readonly id: string | undefined;
  readonly outcome: Outcome;
  /** From 1; 0 where no handler ran. */
  readonly attempt: number;
  /** How often the message was received, from 1. */
  readonly receive: number;
  /** From sent to started. Of a job that was received before, that holds its earlier attempts. */
  readonly waitedMs: number;
  readonly ranMs: number;
  /** Epoch ms. */
  readonly endedAtMs: number;
}

/** Options of a session. */
export interface SessionOptions {
  readonly queue: Queue;
  readonly bindings: ReadonlyMap<string, HandlerBinding>;
  readonly objects: ObjectStore | undefined;
  readonly followUps: FollowUpSender | undefined;
  readonly once: OnceRunner | undefined;
  readonly protection: TaskProtection | undefined;
  readonly protectAboveMs: number;
  readonly attempts: AttemptStore;
  readonly decoders: readonly ForeignDecoder[];
  readonly slots: number;
  readonly prefetch: number;
  readonly leaseMs: number;
  readonly waitMs: number;
  readonly completeLingerMs: number;
  readonly unknownJobGraceMs: number;
  readonly maxCrashes: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Mean duration of the latest handlers; absent before the first. */
  readonly meanServiceMs: () => number | undefined;
  readonly onReceived: (messages: readonly Message[]) => void;
  /** A message is a job that can run. */
  readonly onAdmitted: (job: string, delivery: Delivery) => void;
  readonly onReceiveError: (error: unknown, delayMs: number) => void;
  readonly onOutcome: (finished: FinishedAttempt) => void;
  /** The session cannot go on: the lease thread died. */
  readonly onFatal: (error: Error) => void;
}
