/** Keys of effects: any text of 1 to 1,024 bytes. Stores that cannot take any text use its hash. */
import { createHash } from 'node:crypto';
import { LongshoreError } from '@longshore/job';

/** The tightest of the stores' limits that a readable key still fits. */
export const MAX_KEY_BYTES = 1_024;

/** @throws LongshoreError `invalid_key` for an empty, too long or ill-formed text */
export function assertOnceKey(key: string): void {
  const fault = keyFault(key);
  if (fault === undefined) return;
  throw new LongshoreError(
    'invalid_key',
    `Cannot run an effect once: its key ${fault}; derive a short text from the job, such as "charge:" and its id`,
  );
}

/** SHA-256 of a key, in hexadecimal. */
export function onceKeyHash(key: string): string {
  return createHash('sha256').update(key, 'utf8').digest('hex');
}

function keyFault(key: unknown): string | undefined {
  if (typeof key !== 'string') return `is of type ${typeof key}, not a string`;
  if (key === '') return 'is empty';
  if (!key.isWellFormed()) return 'holds an unpaired surrogate, which has no UTF-8 form';
  const bytes = Buffer.byteLength(key);
  return bytes > MAX_KEY_BYTES ? `has ${bytes} bytes, the limit is ${MAX_KEY_BYTES}` : undefined;
}
