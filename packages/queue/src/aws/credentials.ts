/**
 * Credentials that are always good for the next call: kept until shortly before they end, renewed in the background
 * before that, and still used while a renewal fails as long as they hold.
 */
import { LongshoreError, type Clock } from '@longshore/job';
import type { SigningCredentials } from './signature.ts';

/** Credentials with their end. */
export interface ExpiringCredentials extends SigningCredentials {
  /** Absent: they do not end. */
  readonly expiration?: Date | undefined;
}

/** Where credentials come from; the AWS SDK's provider chain is one. */
export type CredentialSource = () => Promise<ExpiringCredentials>;

/** Credentials for calls. */
export interface Credentials {
  /** The current ones, or a promise where none are at hand. @throws LongshoreError `credentials_unavailable`, retryable. */
  current(): SigningCredentials | Promise<SigningCredentials>;
  /** The server refused them: the next call fetches new ones. */
  refuse(refused: SigningCredentials): void;
}

/** ECS and EC2 renew theirs at least this long before the old ones end. */
const RENEW_BEFORE_MS = 5 * 60_000;
/** Ended, as far as a call is concerned that takes some seconds itself. */
const ENDED_BEFORE_MS = 10_000;
/** A failed background renewal is not tried again at every call. */
const RETRY_AFTER_MS = 10_000;

/** Credentials from a source. */
export function cachedCredentials(source: CredentialSource, clock: Clock): Credentials {
  let held: ExpiringCredentials | undefined;
  let fetching: Promise<SigningCredentials> | undefined;
  let notBeforeMs = 0;

  const leftMs = (): number => (held?.expiration?.getTime() ?? Number.POSITIVE_INFINITY) - clock.nowMs();

  const fetch = (): Promise<SigningCredentials> => {
    fetching ??= source()
      .then(
        (fresh) => {
          held = fresh;
          return fresh;
        },
        (error: unknown) => {
          notBeforeMs = clock.nowMs() + RETRY_AFTER_MS;
          const reason = error instanceof Error ? error.message : String(error);
          throw new LongshoreError(
            'credentials_unavailable',
            `Cannot get AWS credentials: ${reason}; give the task a role, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`,
            { cause: error, retryable: true },
          );
        },
      )
      .finally(() => {
        fetching = undefined;
      });
    return fetching;
  };

  return {
    current() {
      if (held === undefined || leftMs() <= ENDED_BEFORE_MS) return fetch();
      if (leftMs() <= RENEW_BEFORE_MS && clock.nowMs() >= notBeforeMs) {
        // The held ones serve this call; a failure shows when they end.
        fetch().catch(() => undefined);
      }
      return held;
    },
    refuse(refused) {
      if (held?.accessKeyId === refused.accessKeyId && held.sessionToken === refused.sessionToken)
        held = undefined;
    },
  };
}
