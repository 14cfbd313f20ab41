/** `longshore search`: asks the full-text index. Opens no queue. */
import type { SearchQuery } from '@longshore/search';
import { FLEET_OPTION, defineCommand, type Command } from '../command.ts';
import { EXIT_OK } from '../exit-code.ts';
import { localSearchIndexPath } from '../local/search-index-path.ts';
import { openSearchIndex } from '../open-search-index.ts';
import { searchResultText } from '../search-result.ts';
import { check } from './search-check.ts';
import { rebuild } from './search-rebuild.ts';

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
    collection: {
      type: 'text',
      short: 'c',
      placeholder: 'name',
      description: 'Only documents of this collection',
    },
    from: {
      type: 'text',
      placeholder: 'date',
      description: 'Only documents of this date (YYYY-MM-DD) or later',
    },
    to: { type: 'text', placeholder: 'date', description: 'Only documents of this date or earlier' },
    fleet: FLEET_OPTION,
  },
  subcommands: [rebuild, check],
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
    {
      command: 'longshore search budget --from 2025-01-01 --to 2025-12-31',
      note: 'Documents of a year; those without a date are left out',
    },
    { command: 'longshore search -- rebuild', note: 'Looks for a word that is a command, too' },
  ],
  async run({ values, positionals, terminal, env, cwd }) {
    const localPath = (): Promise<string> => localSearchIndexPath({ env, cwd, fleet: values.fleet });
    await using opened = await openSearchIndex({ env, purpose: 'search', localPath });
    const text = positionals.join(' ');
    const result = await opened.index.search(queryOf(text, values));
    if (values.json) terminal.json({ query: text, ...result });
    else if (result.hits.length > 0) terminal.data.write(`${searchResultText(result, terminal.data)}\n`);
    else terminal.write(`${searchResultText(result, terminal)}\n`);
    return EXIT_OK;
  },
});

type Filters = { readonly [Name in 'language' | 'collection' | 'from' | 'to']: string | undefined };

function queryOf(text: string, { limit, ...given }: Filters & { readonly limit: number }): SearchQuery {
  const { language, collection, from, to } = given;
  const filters = Object.entries({ language, collection, from, to }).filter(
    ([, value]) => value !== undefined,
  );
  return { text, limit, ...Object.fromEntries(filters) };
}
