/** `longshore search`: asks the full-text index. Opens no queue. */
import { access } from 'node:fs/promises';
import { LongshoreError } from '@longshore/job';
import { FLEET_OPTION, defineCommand, type Command } from '../command.ts';
import { EXIT_OK } from '../exit-code.ts';
import { searchResultText } from '../search-result.ts';

/** The command. */
export const search: Command = defineCommand({
  name: 'search',
  summary: 'Find documents by the words in them',
  description: [
    'All words must occur. "exact phrase", prefix* and -excluded are understood; accents and case do not matter, French and English words are found in all their forms.',
  ],
  positionals: [{ name: 'query', description: 'What to look for', isRest: true }],
  unknownOptionHint: `to exclude a word, quote the whole query: 'report -draft'`,
  options: {
    limit: {
      type: 'integer',
      short: 'n',
      default: 10,
      min: 1,
      max: 100,
      description: 'Most documents to show',
    },
    language: {
      type: 'text',
      short: 'l',
      placeholder: 'code',
      description: 'Only documents of this language, for instance fr',
    },
    fleet: FLEET_OPTION,
  },
  examples: [
    { command: 'longshore search élection', note: 'Also finds élections, elections and ÉLECTION' },
    {
      command: `longshore search '"annual report" -draft' --limit 3`,
      note: 'A phrase, and a word that must not occur',
    },
    {
      command: 'longshore search budget --json | jq -r ".hits[].source"',
      note: 'Where the documents came from, a line each',
    },
  ],
  async run({ values, positionals, terminal, env, cwd }) {
    const path = await indexPath({ env, cwd, fleet: values.fleet });
    const { sqliteSearchIndex } = await import('@longshore/search/sqlite');
    await using index = await sqliteSearchIndex({ path, readOnly: true });
    const { limit, language } = values;
    const text = positionals.join(' ');
    const result = await index.search({ text, limit, ...(language === undefined ? {} : { language }) });
    if (values.json) terminal.json({ query: text, ...result });
    else if (result.hits.length > 0) terminal.data.write(`${searchResultText(result, terminal.data)}\n`);
    else terminal.write(`${searchResultText(result, terminal)}\n`);
    return EXIT_OK;
  },
});

async function indexPath(from: {
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  fleet: string | undefined;
}): Promise<string> {
  const { env, cwd, fleet } = from;
  const given = env['LONGSHORE_SEARCH_INDEX'];
  const path = given ?? (await localIndexPath({ env, cwd, fleet }));
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (isThere) return path;
  const remedy =
    given === undefined
      ? 'run "longshore demo" first'
      : 'check LONGSHORE_SEARCH_INDEX, or index a document first';
  throw new LongshoreError('index_unavailable', `No search index at "${path}": ${remedy}`, {
    details: { path },
  });
}

async function localIndexPath({ env, cwd, fleet }: Parameters<typeof indexPath>[0]): Promise<string> {
  const [{ loadFleet }, { localState }] = await Promise.all([
    import('../load-fleet.ts'),
    import('../local/state.ts'),
  ]);
  const { path } = await loadFleet({ cwd, path: fleet });
  return (await localState(path, env)).searchIndex;
}
