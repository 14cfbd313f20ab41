/** Cases on searching: forms of words, conditions, ranking, snippets, bounds. */
import { isLongshoreError } from '@longshore/job';
import { expect } from 'vitest';
import { documentOf, found, outcomes, put, type Stage } from './suite.ts';

/** Declares the cases. */
export function searchCases(stage: Stage): void {
  wordCases(stage);
  conditionCases(stage);
  filterCases(stage);
  resultCases(stage);
  suggestionCases(stage);
  boundCases(stage);
}

function wordCases({ index, it }: Stage): void {
  it('finds French words by their stems, with and without accents, elisions and ligatures', async () => {
    await put(
      index(),
      documentOf('fr', "Les élections de l'été : paramètres, œuvres et chevaux enregistrés."),
      documentOf('plain', 'Les evenements de l etang : un coeur.'),
    );
    const forms = [
      'élection',
      'ELECTION',
      'elections',
      'été',
      'ete',
      "l'été",
      'L’été',
      'paramètre',
      'parametre',
    ];
    for (const word of [...forms, 'oeuvre', 'œuvre', 'OEUVRES', 'cheval', 'enregistrée', 'enregistrer'])
      expect(await found(index(), word), word).toEqual(['fr']);
    for (const word of ['événement', 'évènements', 'étang', 'cœur', 'coeur'])
      expect(await found(index(), word), word).toEqual(['plain']);
  });

  it('finds English words by their stems', async () => {
    await put(
      index(),
      documentOf('en', 'The documents were extracted and indexed in several cities.', { language: 'en' }),
    );
    for (const word of ['document', 'extracting', 'index', 'city', 'Cities'])
      expect(await found(index(), word), word).toEqual(['en']);
  });

  it('finds words of other languages as they are written, and languages without spaces', async () => {
    await put(
      index(),
      documentOf('ja', '吾輩は猫である。名前はまだ無い。', { language: 'ja' }),
      documentOf('de', 'Die Straße nach Köln', { language: 'de' }),
      documentOf('ru', 'Война и мир', { language: 'ru' }),
    );
    expect(await found(index(), '猫である')).toEqual(['ja']);
    for (const word of ['straße', 'STRASSE', 'koln', 'Köln'])
      expect(await found(index(), word), word).toEqual(['de']);
    expect(await found(index(), 'война')).toEqual(['ru']);
  });
}

function conditionCases({ index, it }: Stage): void {
  it('wants all words, the words of a phrase in a row, and none of the excluded', async () => {
    await put(
      index(),
      documentOf('a', 'le port de plaisance est ouvert'),
      documentOf('b', 'le port de commerce est fermé, la plaisance aussi'),
      documentOf('c', 'rien de tel'),
    );
    expect((await found(index(), 'port plaisance')).sort()).toEqual(['a', 'b']);
    expect(await found(index(), '"port de plaisance"')).toEqual(['a']);
    expect(await found(index(), '"ports de plaisances"')).toEqual(['a']);
    expect(await found(index(), '"plaisance de port"')).toEqual([]);
    expect(await found(index(), 'port -commerce')).toEqual(['a']);
    expect(await found(index(), 'port -"de plaisance"')).toEqual(['b']);
    expect(await found(index(), 'port introuvable')).toEqual([]);
  });

  it('finds beginnings of words, and does not take them for excluded ones elsewhere', async () => {
    await put(
      index(),
      documentOf('a', 'la plaisance'),
      documentOf('b', 'la plainte'),
      documentOf('c', 'le bateau'),
    );
    expect((await found(index(), 'plai*')).sort()).toEqual(['a', 'b']);
    expect(await found(index(), 'plais*')).toEqual(['a']);
    expect(await found(index(), 'plai* -plaint*')).toEqual(['a']);
    expect(await found(index(), 'Évén* plai*')).toEqual([]);
  });

  it('does not find a phrase across title and text', async () => {
    await put(index(), documentOf('a', 'bleu marine', { title: 'Le bateau' }));
    expect(await found(index(), '"bateau bleu"')).toEqual([]);
    expect(await found(index(), 'bateau bleu')).toEqual(['a']);
  });

  it('keeps to a language', async () => {
    await put(index(), documentOf('fr', 'plaisance'), documentOf('en', 'plaisance', { language: 'en' }));
    expect(await found(index(), 'plaisance', { language: 'en' })).toEqual(['en']);
    expect(await found(index(), 'plaisance', { language: 'de' })).toEqual([]);
    expect((await index().search({ text: 'plaisance', language: 'fr' })).total).toBe(1);
  });
}

function filterCases({ index, it }: Stage): void {
  it('keeps to a collection, and to dates with both ends', async () => {
    await put(
      index(),
      documentOf('old', 'rapport', { collection: 'archive', date: '2019-12-31' }),
      documentOf('new', 'rapport', { collection: 'archive', date: '2020-01-01' }),
      documentOf('other', 'rapport', { collection: 'news', date: '2020-06-30' }),
      documentOf('plain', 'rapport'),
    );
    const ids = async (more: Parameters<typeof found>[2]): Promise<string[]> =>
      (await found(index(), 'rapport', more)).sort();
    expect(await ids({ collection: 'archive' })).toEqual(['new', 'old']);
    expect(await ids({ collection: 'none' })).toEqual([]);
    expect(await ids({ from: '2020-01-01' })).toEqual(['new', 'other']);
    expect(await ids({ to: '2020-01-01' })).toEqual(['new', 'old']);
    expect(await ids({ from: '2020-01-01', to: '2020-06-30', collection: 'news' })).toEqual(['other']);
    expect(await ids({})).toHaveLength(4);
    await put(index(), documentOf('old', 'rapport', { revision: 2, collection: 'news' }));
    expect(await ids({ collection: 'archive' })).toEqual(['new']);
    expect(await put(index(), documentOf('bad', 'rapport', { date: '2020-02-30' }))).toEqual(['failed']);
    for (const wrong of ['yesterday', '2020-1-1', '2020-02-30', ''])
      await expect(index().search({ text: 'rapport', from: wrong })).rejects.toMatchObject({
        code: 'invalid_query',
      });
  });
}

function resultCases({ index, it }: Stage): void {
  it('ranks a match in the title first, counts beyond the limit, and finds documents without text by name', async () => {
    await put(
      index(),
      ...Array.from({ length: 15 }, (_, at) =>
        documentOf(`d${at}`, 'une facture parmi d’autres, et encore une facture'),
      ),
      documentOf('titled', 'autre chose', { title: 'La facture' }),
      documentOf('scan', '', { title: 'lettre-scannee.pdf' }),
    );
    const { hits, total } = await index().search({ text: 'facture', limit: 3 });
    expect({ first: hits[0]?.id, shown: hits.length, total }).toEqual({
      first: 'titled',
      shown: 3,
      total: 16,
    });
    const scores = hits.map(({ score }) => score);
    expect([...scores].sort((one, other) => other - one)).toEqual(scores);
    expect(await found(index(), 'lettre')).toEqual(['scan']);
  });

  it('shows the page that matches and marks the words as they are written', async () => {
    const pages = [1, 2, 3].map((page) => ({
      page,
      text: `${'du texte de remplissage '.repeat(30)}${page === 2 ? "L'Élection municipale du Port" : ''}`,
    }));
    await put(index(), documentOf('long', '', { title: 'Un titre', source: 'a/long.pdf', pages }));
    const { hits } = await index().search({ text: 'elections port' });
    expect(hits[0]).toMatchObject({
      id: 'long',
      title: 'Un titre',
      source: 'a/long.pdf',
      language: 'fr',
      page: 2,
    });
    const snippet = hits[0]?.snippet ?? [];
    expect(snippet.filter((part) => part.hit).map((part) => part.text)).toEqual(['Élection', 'Port']);
    expect(snippet.map((part) => part.text).join('').length).toBeLessThan(230);
  });
}

function suggestionCases({ index, it }: Stage): void {
  it('suggests words of the index where nothing was found, and only then', async () => {
    await put(
      index(),
      documentOf('a', 'Une facture impayée au paramètre inconnu'),
      documentOf('b', 'Une autre facture'),
    );
    const suggestions = async (text: string): Promise<readonly string[] | undefined> =>
      (await index().search({ text })).suggestions;
    expect(await suggestions('factrue')).toContain('facture');
    expect(await suggestions('parametxe')).toContain('parametre');
    expect(await suggestions('facture paramttre')).toEqual(['parametre']);
    expect(await suggestions('facture')).toBeUndefined();
    expect(await suggestions('xylophone')).toEqual([]);
    await outcomes(index(), [{ kind: 'delete', id: 'a', revision: 2 }]);
    expect(await suggestions('parametxe')).toEqual([]);
  });
}

function boundCases({ index, reopen, it }: Stage): void {
  it('shows at least one and at most a hundred', async () => {
    await put(index(), ...Array.from({ length: 120 }, (_, at) => documentOf(`d${at}`, 'commun')));
    expect(await found(index(), 'commun')).toHaveLength(10);
    expect(await found(index(), 'commun', { limit: 100 })).toHaveLength(100);
    expect(await found(index(), 'commun', { limit: 1_000 })).toHaveLength(100);
    expect(await found(index(), 'commun', { limit: 0 })).toHaveLength(1);
    expect((await index().search({ text: 'commun', limit: 1 })).total).toBe(120);
  });

  it('answers every query with a result or with invalid_query', async () => {
    await put(index(), documentOf('a', 'un texte'));
    const signs = [
      '"',
      '*',
      '-',
      '(',
      ')',
      ':',
      '^',
      ' ',
      'a',
      'NOT',
      'é',
      "'",
      '\0',
      '\\',
      '&',
      '|',
      '!',
      '<->',
    ];
    const odd = ['\ud800', '\u0301', '\ua8b4', '\u{1F6A2}', 'ﬀ', '猫', '__', 'a_b', '%', '[x]'];
    const texts = [...signs, ...odd].flatMap((first) => signs.map((second) => `${first}${second}a`));
    for (const text of [...signs, ...odd, ...texts]) {
      const outcome = await index()
        .search({ text })
        .then(
          () => 'answered',
          (error: unknown) => (isLongshoreError(error, 'invalid_query') ? 'answered' : error),
        );
      expect(outcome, text).toBe('answered');
    }
    for (const text of ['', '   ', '-seul', '"', 'a'.repeat(1_001)])
      await expect(index().search({ text })).rejects.toMatchObject({ code: 'invalid_query' });
  });

  it('may be closed again, and does nothing more', async () => {
    const other = await reopen();
    await other.close();
    await other.close();
    await expect(other.search({ text: 'a' })).rejects.toMatchObject({ code: 'closed' });
    await expect(other.bulk([{ kind: 'delete', id: 'a', revision: 1 }])).rejects.toMatchObject({
      code: 'closed',
    });
    await expect(other.count()).rejects.toMatchObject({ code: 'closed' });
  });
}
