/** `longshore search rebuild`: builds the index anew from the extracted texts, while it is searched and written. */
import { FLEET_OPTION, defineCommand, type Command } from '../command.ts';
import { EXIT_FAILED, EXIT_OK } from '../exit-code.ts';
import { localSearchIndexPath } from '../local/search-index-path.ts';
import { openSearchIndex } from '../open-search-index.ts';
import { storedTexts } from '../stored-texts.ts';

/** A line of progress for so many documents. */
const PROGRESS_EVERY = 500;

/** The command. */
export const rebuild: Command = defineCommand({
  name: 'rebuild',
  summary: 'Build the index anew from the extracted texts',
  description: [
    'Reads every text below extractions/ of the object store. Searches find what they found until the new index takes the place of the old one; what is written meanwhile goes to both. What was removed stays removed. When it fails or is killed, the old index stays.',
    'Exit code 1 when a text was left out. Collections come from the records below collections/.',
  ],
  options: { fleet: FLEET_OPTION },
  examples: [
    { command: 'longshore search rebuild', note: 'The index that LONGSHORE_SEARCH_INDEX names' },
    { command: 'longshore search rebuild --json | jq .written', note: 'How many documents it has now' },
  ],
  async run({ values, terminal, env, cwd }) {
    const [{ loadFleet }, { connect }] = await Promise.all([
      import('../load-fleet.ts'),
      import('../local/connection.ts'),
    ]);
    const { fleet, path } = await loadFleet({ cwd, path: values.fleet });
    await using connection = await connect({ fleet, fleetPath: path, env });
    await using opened = await openSearchIndex({
      env,
      purpose: 'rebuild',
      localPath: () => localSearchIndexPath({ env, cwd, fleet: path }),
    });
    let unreadable = 0;
    const onUnreadable = (key: string, reason: string): void => {
      unreadable += 1;
      terminal.write(`left out ${key}: ${reason}\n`);
    };
    const texts = storedTexts({ objects: connection.opened.objects, onUnreadable });
    const { written, failed } = await opened.index.rebuild(
      counted(texts, (count) => terminal.write(`${count} read\n`)),
    );
    for (const { id, reason } of failed) terminal.write(`refused ${id}: ${reason}\n`);
    const documents = await opened.index.count();
    if (values.json) terminal.json({ written, failed: failed.length, unreadable, documents });
    else
      terminal.write(
        `Done: ${written} written, ${failed.length} refused, ${unreadable} left out; the index has ${documents} documents\n`,
      );
    return failed.length + unreadable > 0 ? EXIT_FAILED : EXIT_OK;
  },
});

async function* counted<Item>(
  items: AsyncIterable<Item>,
  onProgress: (count: number) => void,
): AsyncGenerator<Item> {
  let count = 0;
  for await (const item of items) {
    yield item;
    count += 1;
    if (count % PROGRESS_EVERY === 0) onProgress(count);
  }
}
