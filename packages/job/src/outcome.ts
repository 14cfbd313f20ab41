/** How one attempt ended: a closed set, so that every consumer of it can be exhaustive. */

/** The result of one attempt. */
export type Outcome =
  /** The handler returned; the message is completed. */
  | { readonly kind: 'completed' }
  /** The attempt failed and the job runs again after `delayMs`. */
  | { readonly kind: 'retried'; readonly delayMs: number; readonly code: string; readonly reason: string }
  /** The job went to the dead-letter queue. */
  | { readonly kind: 'buried'; readonly code: string; readonly reason: string }
  /** The job was given back without an attempt being counted: drain, or the handler's `release()`. */
  | { readonly kind: 'released'; readonly delayMs: number; readonly interrupted: boolean }
  /** The lease was lost while the handler ran; another worker has the job and this result is void. */
  | { readonly kind: 'lost' }
  /** A redelivery of a job that this worker had already finished; acknowledged without a run. */
  | { readonly kind: 'duplicate' };

/** The kinds of {@link Outcome}. */
export type OutcomeKind = Outcome['kind'];
