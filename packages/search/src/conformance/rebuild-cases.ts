/** Cases on rebuilding: no gap for readers, nothing lost for writers, nothing that comes back. */
import { expect } from 'vitest';
import type { RebuildableSearchIndex, SearchDocument } from '../search-index.ts';
import { documentOf, found, outcomes, put, type Stage } from './suite.ts';

async function* stream(
  documents: readonly SearchDocument[],
  between?: (document: SearchDocument) => Promise<void>,
): AsyncGenerator<SearchDocument> {
  for (const document of documents) {
    await between?.(document);
    yield document;
  }
}

/** Declares the cases. */
export function rebuildCases(stage: Stage): void {
  const { index, rebuildable, it } = stage;

  it('is rebuilt without a moment in which less is found', async () => {
    const documents = Array.from({ length: 450 }, (_, at) => documentOf(`d${at}`, `commun ancien${at}`));
    await put(index(), ...documents);
    const target = rebuildable();
    let isOver = false;
    let looks = 0;
    const reading = (async () => {
      while (!isOver) {
        const { total } = await index().search({ text: 'commun', limit: 1 });
        expect(total).toBeGreaterThanOrEqual(450);
        looks += 1;
      }
    })();
    const rebuilding = target
      .rebuild(stream(documents.map((each) => documentOf(each.id, 'commun neuf', { revision: 2 }))))
      .finally(() => {
        isOver = true;
      });
    const [outcome] = await Promise.all([rebuilding, reading]);
    expect(outcome).toEqual({ written: 450, failed: [] });
    expect(looks).toBeGreaterThan(1);
    expect((await index().search({ text: 'neuf' })).total).toBe(450);
    expect(await found(index(), 'ancien7')).toEqual([]);
    expect([await index().count(), (await index().revisions(['d7'])).get('d7')]).toEqual([450, 2]);
  });

  it('has what others write while it is rebuilt, and not what they delete', async () => {
    await put(index(), documentOf('a', 'commun'), documentOf('b', 'commun'), documentOf('gone', 'commun'));
    const other = await stage.reopen();
    await rebuildable().rebuild(
      stream([documentOf('a', 'commun'), documentOf('b', 'commun')], async ({ id }) => {
        if (id !== 'b') return;
        await put(other, documentOf('during', 'commun'), documentOf('b', 'commun changé', { revision: 2 }));
        await outcomes(other, [{ kind: 'delete', id: 'a', revision: 1 }]);
      }),
    );
    expect((await found(other, 'commun')).sort()).toEqual(['b', 'during']);
    expect(await found(other, 'changé')).toEqual(['b']);
    expect(await put(other, documentOf('a', 'commun'))).toEqual(['unchanged']);
    expect(await put(other, documentOf('after', 'commun'))).toEqual(['written']);
    expect((await found(index(), 'commun')).sort()).toEqual(['after', 'b', 'during']);
    await other.close();
  });

  it('keeps the tombstones of what was deleted before', async () => {
    await put(index(), documentOf('a', 'commun'), documentOf('b', 'commun'));
    await outcomes(index(), [{ kind: 'delete', id: 'a', revision: 2 }]);
    await rebuildable().rebuild(stream([documentOf('a', 'commun'), documentOf('b', 'commun')]));
    expect(await found(index(), 'commun')).toEqual(['b']);
    expect(await put(index(), documentOf('a', 'commun', { revision: 1 }))).toEqual(['stale']);
  });

  it('tells which documents it could not take', async () => {
    const outcome = await rebuildable().rebuild(
      stream([documentOf('a', 'commun'), documentOf('bad', 'commun', { revision: 0 })]),
    );
    expect(outcome).toMatchObject({ written: 1, failed: [{ id: 'bad' }] });
    expect(await found(index(), 'commun')).toEqual(['a']);
  });

  failureCases(stage);
}

function failureCases({ index, rebuildable, reopen, it }: Stage): void {
  it('stays as it is when a rebuild fails, and can be rebuilt again', async () => {
    await put(index(), documentOf('a', 'commun'));
    const failing = stream(
      [documentOf('a', 'neuf', { revision: 2 }), documentOf('b', 'neuf')],
      async ({ id }) => {
        if (id === 'b') throw new Error('The source is gone');
        await Promise.resolve();
      },
    );
    await expect(rebuildable().rebuild(failing)).rejects.toThrow(/The source is gone/);
    expect([await found(index(), 'commun'), await found(index(), 'neuf')]).toEqual([['a'], []]);
    await rebuildable().rebuild(stream([documentOf('a', 'neuf', { revision: 2 })]));
    expect(await found(index(), 'neuf')).toEqual(['a']);
  });

  it('refuses a rebuild while another runs', async () => {
    await put(index(), documentOf('a', 'commun'));
    const other = await reopen();
    const rebuilding = async (second: RebuildableSearchIndex): Promise<void> => {
      await expect(second.rebuild(stream([]))).rejects.toMatchObject({
        code: 'index_unavailable',
        message: expect.stringMatching(/rebuil|built/) as string,
      });
    };
    await rebuildable().rebuild(
      stream([documentOf('a', 'commun')], async () => await rebuilding(other as RebuildableSearchIndex)),
    );
    expect(await found(other, 'commun')).toEqual(['a']);
    await other.close();
  });
}
