import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isLongshoreError } from '@longshore/job';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SearchDocument } from '../search-index.ts';
import { sqliteSearchIndex, type SqliteSearchIndex } from './sqlite-search-index.ts';

let folder: string;
let path: string;
let index: SqliteSearchIndex;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'longshore-search-'));
  path = join(folder, 'search.db');
  index = await sqliteSearchIndex({ path });
});
afterEach(async () => {
  await index.close();
  await rm(folder, { recursive: true });
});

function document(id: string, text: string, more: Partial<SearchDocument> = {}): SearchDocument {
  return {
    id,
    revision: 1,
    title: id,
    language: 'fr',
    source: `${id}.pdf`,
    pages: text === '' ? [] : [{ page: 1, text }],
    ...more,
  };
}

async function put(...documents: SearchDocument[]): Promise<string[]> {
  const results = await index.bulk(documents.map((entry) => ({ kind: 'put', document: entry })));
  return results.map((result) => result.outcome);
}

const found = async (text: string, language?: string): Promise<string[]> =>
  (await index.search(language === undefined ? { text } : { text, language })).hits.map((hit) => hit.id);

describe('the SQLite index', () => {
  it('finds words by their stems and without accents, in either direction', async () => {
    await put(
      document('fr', "Les élections de l'été : paramètres, œuvres et chevaux enregistrés."),
      document('en', 'The documents were extracted and indexed in several cities.', { language: 'en' }),
      document('ja', '吾輩は猫である。名前はまだ無い。', { language: 'ja' }),
    );
    for (const query of [
      'élection',
      'ELECTION',
      'elections',
      'été',
      'ete',
      'paramètre',
      'parametre',
      'oeuvre',
      'œuvre',
      'cheval',
      'enregistrée',
      "l'été",
    ]) {
      expect(await found(query), query).toEqual(['fr']);
    }
    for (const query of ['document', 'extracting', 'index', 'city'])
      expect(await found(query), query).toEqual(['en']);
    expect(await found('猫である')).toEqual(['ja']);
  });

  it('understands phrases, prefixes, exclusions and languages', async () => {
    await put(
      document('a', 'le port de plaisance est ouvert'),
      document('b', 'le port de commerce est fermé'),
      document('c', 'plaisance port', { language: 'en' }),
    );
    expect(await found('"port de plaisance"')).toEqual(['a']);
    expect((await found('plais*')).sort()).toEqual(['a', 'c']);
    expect(await found('port -commerce -en')).not.toContain('b');
    expect(await found('plaisance', 'en')).toEqual(['c']);
    expect(await found('port introuvable')).toEqual([]);
  });

  it('ranks a match in the title first, counts beyond the limit, and finds documents without text by name', async () => {
    await put(
      ...Array.from({ length: 15 }, (_, at) =>
        document(`d${at}`, 'une facture parmi d’autres, et encore une facture'),
      ),
      document('titled', 'autre chose', { title: 'La facture' }),
      document('scan', '', { title: 'lettre-scannee.pdf' }),
    );
    const { hits, total } = await index.search({ text: 'facture', limit: 3 });
    expect({ first: hits[0]?.id, shown: hits.length, total }).toEqual({
      first: 'titled',
      shown: 3,
      total: 16,
    });
    expect(await found('lettre')).toEqual(['scan']);
  });

  it('shows the page that matches and marks the words as they are written', async () => {
    const pages = [1, 2, 3].map((page) => ({
      page,
      text: `${'du texte de remplissage '.repeat(30)}${page === 2 ? "L'Élection municipale du Port" : ''}`,
    }));
    await put(document('long', '', { pages }));
    const { hits } = await index.search({ text: 'elections port' });
    const text = hits[0]?.snippet.map((part) => part.text).join('') ?? '';
    expect(hits[0]?.page).toBe(2);
    expect(hits[0]?.snippet.filter((part) => part.hit).map((part) => part.text)).toEqual([
      'Élection',
      'Port',
    ]);
    expect(text.length).toBeLessThan(230);
  });

  it('never lets an older revision overwrite a newer one, nor bring back what is deleted', async () => {
    expect(await put(document('a', 'premier', { revision: 2 }))).toEqual(['written']);
    expect(
      await put(document('a', 'ancien', { revision: 1 }), document('a', 'même', { revision: 2 })),
    ).toEqual(['stale', 'unchanged']);
    expect(await put(document('a', 'nouveau', { revision: 3 }))).toEqual(['written']);
    expect([await found('premier'), await found('nouveau')]).toEqual([[], ['a']]);
    expect(await index.bulk([{ kind: 'delete', id: 'a', revision: 4 }])).toEqual([{ outcome: 'written' }]);
    expect(await put(document('a', 'nouveau', { revision: 3 }))).toEqual(['stale']);
    expect([
      await found('nouveau'),
      await index.count(),
      [...(await index.revisions(['a', 'b'])).keys()],
    ]).toEqual([[], 0, []]);
  });

  it('lets a poison document fail alone', async () => {
    const results = await index.bulk([
      { kind: 'put', document: document('good', 'bon') },
      { kind: 'put', document: document('x'.repeat(600), 'mauvais') },
      { kind: 'put', document: document('zero', 'mauvais', { revision: 0 }) },
      { kind: 'put', document: document('fine', 'bon') },
    ]);
    expect(results.map((result) => result.outcome)).toEqual(['written', 'failed', 'failed', 'written']);
    expect((await found('bon')).sort()).toEqual(['fine', 'good']);
  });

  it('answers every query with a result or with invalid_query', async () => {
    await put(document('a', 'un texte'));
    const strings = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({
        unit: fc.constantFrom('"', '*', '-', '(', ')', ':', '^', ' ', 'a', 'NOT', 'é', "'", '\0'),
      }),
    );
    await fc.assert(
      fc.asyncProperty(strings, async (text) => {
        const outcome = await index.search({ text }).then(
          () => true,
          (error: unknown) => isLongshoreError(error, 'invalid_query'),
        );
        expect(outcome).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('takes concurrent writes together', async () => {
    await Promise.all(Array.from({ length: 200 }, (_, at) => put(document(`d${at}`, `numéro ${at}`))));
    expect(await index.count()).toBe(200);
    expect(await index.check()).toEqual([]);
  });

  it('says what is wrong with a file that it cannot use', async () => {
    await expect(sqliteSearchIndex({ path: join(folder, 'none.db'), readOnly: true })).rejects.toMatchObject({
      code: 'index_unavailable',
    });
    const newer = join(folder, 'newer.db');
    const database = new DatabaseSync(newer);
    database.exec('PRAGMA user_version = 99');
    database.close();
    await expect(sqliteSearchIndex({ path: newer })).rejects.toMatchObject({
      code: 'index_unavailable',
      message: expect.stringContaining('version 99') as string,
    });
    await index.close();
    await expect(index.count()).rejects.toMatchObject({ code: 'closed' });
  });

  it(
    'loses nothing that it acknowledged when two writers of one file are killed at random',
    { timeout: 90_000 },
    async () => {
      const acknowledged = new Set<string>();
      const start = (prefix: string): ChildProcess => {
        const child = fork(fileURLToPath(new URL('./fixtures/writer.ts', import.meta.url)), [path, prefix]);
        child.on('message', (ids: string[]) => {
          for (const id of ids) acknowledged.add(id);
        });
        return child;
      };
      for (let round = 0; round < 5; round += 1) {
        const before = acknowledged.size;
        const writers = [start(`a${round}`), start(`b${round}`)];
        while (acknowledged.size < before + 100 + Math.random() * 200)
          await new Promise((resolve) => setTimeout(resolve, 10));
        await Promise.all(
          writers.map(async (writer) => {
            const exited = once(writer, 'exit');
            writer.kill('SIGKILL');
            await exited;
          }),
        );
      }
      const held = await index.revisions([...acknowledged]);
      expect(held.size).toBe(acknowledged.size);
      expect(await index.check()).toEqual([]);
      expect((await index.search({ text: 'élection' })).total).toBe(await index.count());
    },
  );
});
