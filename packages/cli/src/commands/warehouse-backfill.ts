/** `longshore warehouse backfill`: loads what the object store knows, or events from a file, by COPY and merge. */
import { createReadStream } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { LongshoreError } from '@longshore/job';
import { documentEventSchema, type DocumentEvent } from '@longshore/warehouse';
import { FLEET_OPTION, defineCommand, type Command } from '../command.ts';
import { EXIT_FAILED, EXIT_OK } from '../exit-code.ts';
import { loadFleet } from '../load-fleet.ts';
import { connect } from '../local/connection.ts';
import { withWarehouse } from '../with-warehouse.ts';

/** The command. */
export const backfill: Command = defineCommand({
  name: 'backfill',
  summary: 'Load past documents into the warehouse',
  description: [
    'Reads every artefact below extractions/ and every rejection below rejections/ of the object store; with a file, or - for stdin, events as lines of JSON. Safe to repeat and to interrupt: what is there unchanged is not touched.',
  ],
  positionals: [
    {
      name: 'file',
      description: 'Events, one JSON object a line; - for stdin',
      isOptional: true,
      completes: 'files',
    },
  ],
  options: {
    by: {
      type: 'text',
      choices: ['copy', 'unnest'],
      default: 'copy',
      description: 'copy is faster; unnest suits RDS Proxy',
    },
    fleet: FLEET_OPTION,
  },
  examples: [
    { command: 'longshore warehouse backfill', note: 'From the object store' },
    { command: 'longshore warehouse backfill events.ndjson', note: 'From a file' },
  ],
  run: ({ values, positionals: [file], terminal, env, cwd }) =>
    withWarehouse(env, async (pool) => {
      const { loadDocuments, storedDocuments, verifySchema } = await import('@longshore/warehouse');
      await verifySchema(pool);
      let unreadable = 0;
      const onUnreadable = (name: string, reason: string): void => {
        unreadable += 1;
        terminal.write(`left out ${name}: ${reason}\n`);
      };
      const load = (events: AsyncIterable<DocumentEvent>) =>
        loadDocuments(events, {
          pool,
          by: values.by === 'unnest' ? 'unnest' : 'copy',
          onProgress: ({ loaded }) => terminal.write(`${loaded} loaded\n`),
        });
      const fromStore = async () => {
        const { fleet, path } = await loadFleet({ cwd, path: values.fleet });
        await using connection = await connect({ fleet, fleetPath: path, env });
        return await load(storedDocuments({ objects: connection.opened.objects, onUnreadable }));
      };
      const { loaded, rejected } = await (file === undefined
        ? fromStore()
        : load(eventsOf(file, cwd, onUnreadable)));
      if (values.json) terminal.json({ loaded, rejected, unreadable });
      else terminal.write(`Done: ${loaded} loaded, ${rejected} rejected, ${unreadable} left out\n`);
      return rejected + unreadable > 0 ? EXIT_FAILED : EXIT_OK;
    }),
});

async function* eventsOf(
  file: string,
  cwd: string,
  onUnreadable: (name: string, reason: string) => void,
): AsyncGenerator<DocumentEvent> {
  const input = file === '-' ? process.stdin : createReadStream(resolve(cwd, file));
  let line = 0;
  try {
    for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      line += 1;
      if (text.trim() === '') continue;
      const parsed = documentEventSchema.safeParse(jsonOf(text));
      if (parsed.success) yield parsed.data;
      else
        onUnreadable(
          `line ${line}`,
          parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`).join('; '),
        );
    }
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'ENOENT')) throw cause;
    throw new LongshoreError('invalid_options', `There is no file "${file}"`, { cause });
  }
}

/** `undefined` for what is no JSON, which no schema takes. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
