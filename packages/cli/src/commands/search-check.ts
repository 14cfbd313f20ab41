/** `longshore search check`: whether the index holds the words of its documents. */
import { LongshoreError } from '@longshore/job';
import { FLEET_OPTION, defineCommand, type Command } from '../command.ts';
import { EXIT_FAILED, EXIT_OK } from '../exit-code.ts';
import { localSearchIndexPath } from '../local/search-index-path.ts';
import { openSearchIndex } from '../open-search-index.ts';

/** The command. */
export const check: Command = defineCommand({
  name: 'check',
  summary: 'Look for faults between the index and its documents',
  description: [
    'Exit code 1 when there are any; "longshore search rebuild" mends them. An OpenSearch cluster checks itself.',
  ],
  options: { fleet: FLEET_OPTION },
  examples: [{ command: 'longshore search check', note: 'The index that LONGSHORE_SEARCH_INDEX names' }],
  async run({ values, terminal, env, cwd }) {
    const localPath = (): Promise<string> => localSearchIndexPath({ env, cwd, fleet: values.fleet });
    await using opened = await openSearchIndex({ env, purpose: 'check', localPath });
    if (opened.check === undefined)
      throw new LongshoreError(
        'unsupported',
        'Cannot check an OpenSearch index: the cluster checks itself; to build it anew, run "longshore search rebuild"',
      );
    const faults = await opened.check();
    const documents = await opened.index.count();
    if (values.json) terminal.json({ documents, faults });
    else {
      for (const fault of faults) terminal.write(`${fault}\n`);
      terminal.write(
        faults.length === 0
          ? `Sound: ${documents} documents\n`
          : `${faults.length} faults in ${documents} documents: run "longshore search rebuild"\n`,
      );
    }
    return faults.length === 0 ? EXIT_OK : EXIT_FAILED;
  },
});
