/** Handlers whose jobs are written in batches, each with an outcome of its own. */
import type { JobDefinition } from '@longshore/job';
import { handle, type HandlerBinding, type HandlerContext } from './handler.ts';
import { microBatch, type MicroBatchOptions } from './micro-batch.ts';

/**
 * Binds a batch handler to its job definition. Jobs come as they do to `handle`, one a slot, and each holds its slot until
 * its batch is written, so a batch is at most as large as the worker's slots: give it as many as `maxItems`, or more. An
 * outcome's value is what a handler returns, directives such as `bury` among it; its error is what a handler throws, and
 * counts as an attempt of that job alone.
 *
 * @throws LongshoreError `invalid_options`
 *
 * @example
 * ```ts
 * import { defineJob } from '@longshore/job';
 * import { handleBatch } from '@longshore/worker';
 * import { Pool } from 'pg';
 * import { z } from 'zod';
 *
 * const recordScore = defineJob({ name: 'record-score', schema: z.object({ player: z.string(), score: z.int() }) });
 * const pool = new Pool();
 *
 * export const scores = handleBatch(recordScore, {
 *   maxItems: 200,
 *   async write(jobs) {
 *     const rows = jobs.map(({ payload }) => payload);
 *     await pool.query('INSERT INTO scores SELECT * FROM json_to_recordset($1) AS (player text, score int)', [
 *       JSON.stringify(rows),
 *     ]);
 *     return jobs.map(() => ({ ok: true, value: undefined }));
 *   },
 * });
 * ```
 */
export function handleBatch<Input, Output, Result>(
  definition: JobDefinition<Input, Output>,
  options: MicroBatchOptions<HandlerContext<Output>, Result>,
): HandlerBinding {
  const batch = microBatch(options);
  return handle(definition, (context) => batch.add(context, { signal: context.signal }));
}
