/** What is measured, seen from outside: something that takes PDF files and tells what became of each. */

/** Which files, and what is wanted of them. */
export interface Task {
  readonly files: readonly string[];
  /** Files at a time. Default 1. */
  readonly lanes?: number;
  /** Whether texts are wanted, for comparison; a measurement of speed does without. Default false. */
  readonly keepText?: boolean;
}

/** What became of one file. */
export interface Read {
  readonly file: string;
  readonly ms: number;
  /** Absent when it was read; otherwise the reason's code, or what was thrown. */
  readonly failure?: string;
  readonly pagesExpected: number;
  readonly pages: number;
  readonly firstPageMs?: number;
  readonly text?: string;
}

/** A task's end. */
export interface Report {
  /** From the first file to the last. */
  readonly ms: number;
  readonly reads: readonly Read[];
}

/** Something that reads PDFs. */
export interface Subject extends AsyncDisposable {
  /** Process whose memory, with that of its descendants, is the subject's. */
  readonly pid: number;
  /** @throws Error when it dies over the task */
  run(task: Task): Promise<Report>;
}
