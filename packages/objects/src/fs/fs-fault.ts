/** Failures of the file system in the words of the port. */
import { isLongshoreError, LongshoreError } from '@longshore/job';
import { BodyFailure } from '../body.ts';

/** The `code` of a system error, such as `ENOENT`. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Runs a step; `undefined` when what it needs does not exist. */
export async function ifPresent<Result>(step: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await step();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

const REMEDIES: Readonly<Record<string, string>> = {
  EACCES: 'give this user read and write permission on the root folder',
  EPERM: 'give this user read and write permission on the root folder, and use a file system with hard links',
  EROFS: 'mount the root folder writable',
  ENOSPC: 'free disk space',
  EDQUOT: 'raise the disk quota',
  EISDIR: 'remove what other programs put in the root folder',
  ENOTDIR: 'remove what other programs put in the root folder',
  EMFILE: 'raise the limit of open files, or read and close bodies',
};

/**
 * What a call on the store throws for an error of the file system: `object_store_unavailable`, retryable, because the
 * fault lies in the machine and not in the call. Errors of ours and errors without a system code stay as they are.
 */
function fsFault(action: string, error: unknown): unknown {
  const code = systemCode(error);
  if (code === undefined || isLongshoreError(error)) return error;
  if (code === 'ENAMETOOLONG') {
    return new LongshoreError(
      'invalid_key',
      `Cannot ${action}: its path is too long for the file system; use a shorter key or root`,
      {
        cause: error,
      },
    );
  }
  if (code === 'ENOTSUP' || code === 'EOPNOTSUPP') {
    return new LongshoreError(
      'unsupported',
      `Cannot ${action}: the file system of the root has no hard links; use another`,
      {
        cause: error,
      },
    );
  }
  const remedy = REMEDIES[code];
  const message = `Cannot ${action}: the file system answered ${code}${remedy === undefined ? '' : `; ${remedy}`}`;
  return new LongshoreError('object_store_unavailable', message, {
    cause: error,
    retryable: true,
    details: { systemCode: code },
  });
}

/** Runs a step of a call on the store and maps what it throws. */
export async function withFault<Result>(action: string, step: () => Promise<Result>): Promise<Result> {
  try {
    return await step();
  } catch (error) {
    throw error instanceof BodyFailure ? error.cause : fsFault(action, error);
  }
}
