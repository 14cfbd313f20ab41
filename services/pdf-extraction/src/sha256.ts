/** A document's identity: the SHA-256 of its bytes. */
import { createHash } from 'node:crypto';

/** SHA-256, hex. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
