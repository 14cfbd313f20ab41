/** Job ids: time-ordered for new jobs (UUID version 7, RFC 9562), derived for follow-up jobs (version 8). */
import { createHash, randomUUID } from 'node:crypto';

/**
 * A new job id: UUID version 7, so that ids sort by creation time. `random` gives a UUID version 4, whose random bits
 * are used; Node.js draws those from the kernel in bulk, which costs a fifth of as many random bytes.
 */
export function newJobId(nowMs: number = Date.now(), random: () => string = randomUUID): string {
  const time = Math.floor(nowMs).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random().slice(15)}`;
}

/**
 * The same id for the same parts, always: for follow-up jobs, so that a handler that runs twice enqueues one job.
 * UUID version 8 over SHA-256 of the parts.
 */
export function deterministicId(...parts: readonly string[]): string {
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest();
  const bytes = new Uint8Array(digest.subarray(0, 16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Buffer.from(bytes).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
