/** What one document may cost. */

/** Limits of a sandbox. */
export interface SandboxLimits {
  /** Until the first page, and between two pages. A long sound book is never killed, a stuck page is. */
  readonly pageMs: number;
  /** For the whole document. */
  readonly documentMs: number;
  /** Resident memory of the child. */
  readonly memoryBytes: number;
  /** Text of the whole document. */
  readonly textBytes: number;
  readonly pages: number;
}

/** Ten seconds a page: a hundred times what a heavy page takes. A gigabyte: five times what the largest books need. */
export const DEFAULT_LIMITS: SandboxLimits = {
  pageMs: 10_000,
  documentMs: 600_000,
  memoryBytes: 1_073_741_824,
  textBytes: 64 * 1_048_576,
  pages: 20_000,
};
