/** What one document may cost. Every limit ends in a typed outcome, never in a hanging or dying worker. */
import { LongshoreError } from '@longshore/job';

/** Limits of a sandbox. */
export interface SandboxLimits {
  /**
   * Until the first page, and again for each further page, so that a long sound book passes and a stuck page does not.
   * Measured as processor time, because a busy machine must not fail a good document; on the clock a page may take
   * {@link CLOCK_FACTOR} times as long, which is all that counts where there is no `/proc`. Default 5 s.
   */
  readonly pageMs: number;
  /** On the wall clock for the whole document, before what its pages add. Default 5 minutes. */
  readonly documentMs: number;
  /** What each delivered page adds to that, so that a long sound book is never stopped. Default 250 ms. */
  readonly documentPageMs: number;
  /** Resident memory of the child. Watched on Linux; elsewhere the container's limit stands alone. Default 1 GiB. */
  readonly memoryBytes: number;
  /** Everything that is read from the child for one document: text, outline, metadata. Default 64 MiB. */
  readonly textBytes: number;
  /** Pages that the document says it has. Default 50,000. */
  readonly pages: number;
}

/**
 * Five seconds are a hundred times what a heavy page takes, a quarter of a second fifty times what a usual one takes; a gibibyte is five times what a 2,400-page book needs; no
 * sound document of this corpus has 5,000 pages or 20 MiB of text.
 */
export const DEFAULT_LIMITS: SandboxLimits = {
  pageMs: 5_000,
  documentMs: 300_000,
  documentPageMs: 250,
  memoryBytes: 1_073_741_824,
  textBytes: 67_108_864,
  pages: 50_000,
};

/** How much longer a page may take on the clock than on the processor. */
export const CLOCK_FACTOR = 8;

/** The default limits with overrides, checked. @throws LongshoreError `invalid_options`, all faults in one message. */
export function sandboxLimits(overrides: Partial<SandboxLimits> = {}): SandboxLimits {
  const limits = { ...DEFAULT_LIMITS, ...overrides };
  const faults = Object.entries(limits)
    .filter(([, value]) => !(Number.isFinite(value) && value > 0))
    .map(([name, value]) => `${name} is ${value}, expected a number above 0`);
  // Node.js itself with a loaded engine takes 80 to 110 MiB.
  if (limits.memoryBytes < MIN_MEMORY_BYTES)
    faults.push(`memoryBytes is ${limits.memoryBytes}, expected at least ${MIN_MEMORY_BYTES}`);
  if (faults.length > 0)
    throw new LongshoreError('invalid_options', `Cannot use these sandbox limits: ${faults.join('; ')}`);
  return limits;
}

const MIN_MEMORY_BYTES = 201_326_592;
