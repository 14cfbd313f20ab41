/** Cases on writing: idempotence, revisions, tombstones, poison, several writers. */
import { expect } from 'vitest';
import type { IndexOperation } from '../search-index.ts';
import { documentOf, found, outcomes, put, type Stage } from './suite.ts';

/** Declares the cases. */
export function writeCases(stage: Stage): void {
  const { index, reopen, it } = stage;
  revisionCases(stage);

  it('lets a poison document fail alone, saying why', async () => {
    const results = await index().bulk([
      { kind: 'put', document: documentOf('good', 'bon') },
      { kind: 'put', document: documentOf('x'.repeat(600), 'mauvais') },
      { kind: 'put', document: documentOf('zero', 'mauvais', { revision: 0 }) },
      { kind: 'delete', id: '', revision: 1 },
      { kind: 'put', document: documentOf('half', 'mauvais', { revision: 1.5 }) },
      { kind: 'put', document: documentOf('fine', 'bon') },
    ]);
    expect(results.map(({ outcome }) => outcome)).toEqual([
      'written',
      'failed',
      'failed',
      'failed',
      'failed',
      'written',
    ]);
    expect(results[1]).toMatchObject({ reason: expect.stringContaining('600') as string });
    expect((await found(index(), 'bon')).sort()).toEqual(['fine', 'good']);
    expect(await found(index(), 'mauvais')).toEqual([]);
  });

  it('takes text that no format likes: NUL, half characters, quotes, words without end', async () => {
    const text = `avant \0 nul \ud800 l'"apostrophe" \\ 'quatre':1A & | ! <-> \u0301 \ua8b4 ${'x'.repeat(100_000)} après`;
    expect(
      await put(index(), documentOf('odd', text, { title: 'un \0 titre', source: "o'dd\\.pdf" })),
    ).toEqual(['written']);
    for (const word of ['avant', 'nul', 'apostrophe', 'quatre', 'apres', 'titre'])
      expect(await found(index(), word), word).toEqual(['odd']);
  });

  it('holds a book of which every page is found, whatever its length', async () => {
    const pages = Array.from({ length: 300 }, (_, at) => ({
      page: at + 1,
      text: `${'le port de la ville et de la mer '.repeat(12)} marque${at + 1} fin de la page`,
    }));
    expect(await put(index(), documentOf('book', '', { pages }))).toEqual(['written']);
    for (const at of [1, 150, 300]) expect(await found(index(), `marque${at}`)).toEqual(['book']);
    expect(await found(index(), 'marque1 marque300')).toEqual(['book']);
    expect(await found(index(), '"marque299 fin de la page"')).toEqual(['book']);
    expect(await found(index(), '"marque299 fin de la mer"')).toEqual([]);
    expect(await found(index(), 'marque1 -marque300')).toEqual([]);
  });

  it('takes a batch of nothing', async () => {
    expect(await index().bulk([])).toEqual([]);
  });

  it('lets many write at a time, in whatever order, and keeps the newest of each document', async () => {
    const writers = [index(), await reopen(), await reopen()];
    const batch = (round: number): IndexOperation[] =>
      Array.from({ length: 40 }, (_, at) => ({
        kind: 'put',
        document: documentOf(`d${at}`, `tour${round} commun`, { revision: round }),
      }));
    const rounds = Array.from({ length: 12 }, (_, at) => at + 1);
    await Promise.all(
      rounds.map(async (round) => {
        const operations = round % 2 === 0 ? batch(round) : batch(round).toReversed();
        await writers[round % writers.length]?.bulk(operations);
      }),
    );
    const held = await index().revisions(rounds.map((_, at) => `d${at}`));
    expect(new Set(held.values())).toEqual(new Set([12]));
    expect(await index().count()).toBe(40);
    expect((await index().search({ text: 'tour12' })).total).toBe(40);
    expect((await index().search({ text: 'tour11' })).total).toBe(0);
    for (const writer of writers.slice(1)) await writer.close();
  });
}

function revisionCases({ index, reopen, it }: Stage): void {
  it('writes a revision once, and never an older one over a newer one', async () => {
    expect(await put(index(), documentOf('a', 'premier', { revision: 2 }))).toEqual(['written']);
    expect(await put(index(), documentOf('a', 'premier', { revision: 2 }))).toEqual(['unchanged']);
    expect(await put(index(), documentOf('a', 'ancien', { revision: 1 }))).toEqual(['stale']);
    expect(await put(index(), documentOf('a', 'nouveau', { revision: 3 }))).toEqual(['written']);
    expect([await found(index(), 'premier'), await found(index(), 'ancien')]).toEqual([[], []]);
    expect(await found(index(), 'nouveau')).toEqual(['a']);
    expect([...(await index().revisions(['a', 'b']))]).toEqual([['a', 3]]);
    expect(await index().count()).toBe(1);
  });

  it('decides several operations on one document of a batch as if each came alone', async () => {
    const at = (revision: number): IndexOperation => ({
      kind: 'put',
      document: documentOf('a', `version${revision}`, { revision }),
    });
    expect(
      await outcomes(index(), [at(2), at(1), at(2), at(4), { kind: 'delete', id: 'a', revision: 3 }, at(3)]),
    ).toEqual(['written', 'stale', 'unchanged', 'written', 'stale', 'stale']);
    expect(await found(index(), 'version4')).toEqual(['a']);
    expect(await found(index(), 'version2')).toEqual([]);
    expect(
      await outcomes(index(), [
        { kind: 'delete', id: 'a', revision: 4 },
        at(4),
        { kind: 'delete', id: 'a', revision: 4 },
        at(5),
      ]),
    ).toEqual(['written', 'unchanged', 'unchanged', 'written']);
    expect([...(await index().revisions(['a']))]).toEqual([['a', 5]]);
  });

  it('keeps a tombstone of what is deleted, also of what never was', async () => {
    await put(index(), documentOf('a', 'texte'));
    expect(await outcomes(index(), [{ kind: 'delete', id: 'a', revision: 2 }])).toEqual(['written']);
    expect(await outcomes(index(), [{ kind: 'delete', id: 'never', revision: 5 }])).toEqual(['written']);
    expect(
      await put(index(), documentOf('a', 'texte'), documentOf('never', 'texte', { revision: 4 })),
    ).toEqual(['stale', 'stale']);
    const other = await reopen();
    expect(await put(other, documentOf('a', 'texte', { revision: 2 }))).toEqual(['unchanged']);
    await other.close();
    expect(await found(index(), 'texte')).toEqual([]);
    expect([await index().count(), (await index().revisions(['a', 'never'])).size]).toEqual([0, 0]);
    expect(await put(index(), documentOf('a', 'texte', { revision: 3 }))).toEqual(['written']);
    expect(await found(index(), 'texte')).toEqual(['a']);
  });
}
