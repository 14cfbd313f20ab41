/** How the command ends, for scripts. */

/** Done. */
export const EXIT_OK = 0;
/** The work failed: a queue out of reach, a job that could not be sent, a document that was lost. */
export const EXIT_FAILED = 1;
/** The call was wrong: unknown command or option, bad payload, bad fleet file, missing setting. Nothing was changed. */
export const EXIT_USAGE = 2;
/** Ended by Ctrl-C or SIGTERM before the work was done: 128 + 2, as shells count. */
export const EXIT_INTERRUPTED = 130;
