/** A search prompt on the terminal: a query a line, until an empty line, Ctrl-D or Ctrl-C. */
import { createInterface } from 'node:readline/promises';
import { isLongshoreError } from '@longshore/job';
import { sqliteSearchIndex } from '@longshore/search/sqlite';
import { searchResultText } from '../search-result.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** Options of {@link searchPrompt}. */
export interface SearchPromptOptions {
  readonly searchIndexPath: string;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

const HITS = 5;

/** Asks and answers until the person is done. */
export async function searchPrompt({
  searchIndexPath,
  terminal,
  signal,
}: SearchPromptOptions): Promise<void> {
  await using index = await sqliteSearchIndex({ path: searchIndexPath });
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  lines.on('SIGINT', () => lines.close());
  signal.addEventListener('abort', () => lines.close(), { once: true });
  lines.setPrompt(terminal.style.bold('search> '));
  lines.prompt();
  for await (const line of lines) {
    const text = line.trim();
    if (text === '') break;
    try {
      terminal.write(`${searchResultText(await index.search({ text, limit: HITS }), terminal)}\n`);
    } catch (error) {
      if (!isLongshoreError(error, 'invalid_query')) throw error;
      terminal.write(`${error.message}\n`);
    }
    lines.prompt();
  }
  lines.close();
}
