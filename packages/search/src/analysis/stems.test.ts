import { accessSync, globSync, readFileSync } from 'node:fs';
import { Client } from 'pg';
import { describe, expect, it } from 'vitest';
import { startPostgres } from '../fixtures/postgres-server.ts';
import { stemEnglish } from './english.ts';
import { stemFrench } from './french.ts';
import { tokens } from './tokens.ts';

const FRENCH = `continu continua continuait continuant continuation continue continué continuel continuelle continuellement
  majestueusement majesté majeur majeure nationaux nationale chevaux yeux hôpital hôpitaux élection élections électoral
  installée installées installer paramètres enregistrées utilisateur utilisatrice constamment évidemment heureuses jouait
  finissait finissons première dernières cahier nouvelles ancienne naïve aiguë payions quelques particulièrement bouteille`;
const ENGLISH = `consign consigned consignment consistency consistently knack knackeries knavish generously generation
  communication agreed feed hopping hoping falling dying news skies cities happiness relational conditional rationalize
  digitizer operator feudalism decisiveness hopefulness callousness formality sensitivity sensibility triplicate formative
  electrical adjustment replacement adoption controlling yelling sayings enjoyment university succeed innings`;
const STARTS =
  'port chant fin nation indust génér établ accompl précis orig util comm observ relat active creat'.split(
    ' ',
  );
const ENDS = `e es er é ée ées ent ait aient ation ations ateur atrice if ive ivement ité ités able ables isme iste ique
  iques ement ements issement issant ir it ions iez eux euse al aux ence ance ing ed s ly ness ful ational ization iveness
  alism icate ize izer ment`;

const list = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');
const documents = (): string =>
  globSync(['README.md', 'docs/**/*.md', 'packages/cli/src/demo/**/*.{txt,md,ts}'])
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
const hasPostgres = globSync('/usr/lib/postgresql/*/bin/postgres').some((path) => {
  accessSync(path);
  return true;
});

describe('stems', () => {
  it.each([
    [
      stemFrench,
      'continuellement majestueusement chevaux installées utilisatrice finissons naïve dernières',
      ['continuel', 'majestu', 'cheval', 'install', 'utilis', 'fin', 'naïv', 'derni'],
    ],
    [
      stemEnglish,
      'consistently knackeries generously dying happiness relational sensibility electrical',
      ['consist', 'knackeri', 'generous', 'die', 'happi', 'relat', 'sensibl', 'electr'],
    ],
  ] as const)('are those of the published algorithm (%#)', (stem, words, stems) => {
    expect(list(words).map(stem)).toEqual(stems);
  });

  // Left out where no PostgreSQL is installed: the table above runs everywhere.
  it.skipIf(!hasPostgres)('are those of PostgreSQL but for what Snowball has changed since', async () => {
    const server = await startPostgres();
    const client = new Client({ connectionString: server.url() });
    await client.connect();
    client.on('error', () => undefined);
    try {
      const made = STARTS.flatMap((start) => list(ENDS).map((end) => start + end));
      const found = [...tokens(documents())].map(({ word }) => word);
      const words = [...new Set([...list(FRENCH), ...list(ENGLISH), ...made, ...found])].filter((word) =>
        /^[a-zà-ÿ]{3,}$/.test(word),
      );
      expect(words.length).toBeGreaterThan(1_500);
      for (const [dictionary, stem] of [
        ['french_stem', stemFrench],
        ['english_stem', stemEnglish],
      ] as const) {
        const { rows } = await client.query<{ word: string; stem: string | null }>(
          `SELECT word, (ts_lexize('${dictionary}', word))[1] AS stem FROM unnest($1::text[]) AS input (word)`,
          [words],
        );
        // Stop words have no stem there.
        const judged = rows.filter((row) => row.stem !== null);
        const wrong = judged
          .filter((row) => stem(row.word) !== row.stem)
          .map((row) => `${row.word}: ${stem(row.word)}, not ${String(row.stem)}`);
        expect(wrong.length / judged.length, `${dictionary}: ${wrong.join('; ')}`).toBeLessThan(0.005);
      }
    } finally {
      await client.end();
      await server.stop();
    }
  });
});
