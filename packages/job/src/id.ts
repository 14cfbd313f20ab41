/** Job ids: time-ordered for new jobs (UUID version 7, RFC 9562), derived for follow-up jobs (version 8). */
import { createHash, randomBytes } from 'node:crypto';

/** A new job id: UUID version 7, so that ids sort by creation time. */
export function newJobId(
  nowMs: number = Date.now(),
  random: (bytes: number) => Uint8Array = randomBytes,
): string {
  const bytes = new Uint8Array(random(16));
  let rest = nowMs;
  for (let index = 5; index >= 0; index -= 1) {
    bytes[index] = rest % 256;
    rest = Math.floor(rest / 256);
  }
  return formatUuid(bytes, 7);
}

/**
 * The same id for the same parts, always: for follow-up jobs, so that a handler that runs twice enqueues one job.
 * UUID version 8 over SHA-256 of the parts.
 */
export function deterministicId(...parts: readonly string[]): string {
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest();
  return formatUuid(new Uint8Array(digest.subarray(0, 16)), 8);
}

function formatUuid(bytes: Uint8Array, version: number): string {
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | (version << 4);
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Buffer.from(bytes).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
