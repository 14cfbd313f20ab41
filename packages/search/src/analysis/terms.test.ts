import { describe, expect, it } from 'vitest';
import { queryTerms, termOf } from './terms.ts';
import { tokens } from './tokens.ts';

const words = (text: string): string[] => [...tokens(text)].map((token) => token.word);

describe('tokens', () => {
  it('split French elisions and write ligatures out', () => {
    expect(words("L'utilisateur d’abord, qu'elle œuvre; aujourd'hui")).toEqual([
      'utilisateur',
      'abord',
      'elle',
      'oeuvre',
      "aujourd'hui",
    ]);
  });

  it('cut text without spaces into pairs', () => {
    expect(words('吾輩は猫')).toEqual(['吾輩', '輩は', 'は猫']);
    expect(words('猫 PDF文書')).toEqual(['猫', 'pdf', '文書']);
  });

  it('stand where their words stand in the text', () => {
    const text = "Élection de l'été 日本語 \u{1F6A2} fin";
    for (const { word, start, end } of tokens(text))
      expect(text.slice(start, end).toLowerCase()).toContain(word);
  });
});

describe('terms', () => {
  it.each([
    ['fr', 'paramètre', 'paramètres'],
    ['fr', 'élection', 'élections'],
    ['fr', 'installée', 'installé', 'installer', 'installées'],
    ['fr', 'cheval', 'chevaux'],
    ['fr', 'bateau', 'bateaux'],
    ['fr', 'fichier', 'fichiers'],
    ['fr', 'enregistrée', 'enregistrées', 'enregistré'],
    ['fr', 'national', 'nationaux', 'nationale', 'nationales'],
    ['en', 'document', 'documents'],
    ['en', 'run', 'running', 'runs'],
    ['en', 'city', 'cities'],
    ['en', 'index', 'indexing', 'indexed'],
    ['en', 'hop', 'hopped', 'hopping'],
    ['en', 'extract', 'extracted', 'extracts', 'extracting'],
  ])('of one family are one (%s: %s)', (language, ...family) => {
    expect(new Set(family.map((word) => termOf(word, language))).size).toBe(1);
  });

  it.each([
    ['fr', 'port', 'porte'],
    ['fr', 'mer', 'mère'],
    ['en', 'news', 'new'],
  ])(
    'keep short words of other meanings within what a light stemmer can (%s: %s, %s)',
    (language, one, other) => {
      // Not all such pairs can be kept apart without a dictionary; what is typed as it stands is always found.
      for (const word of [one, other]) expect(queryTerms(word)).toContain(termOf(word, language));
    },
  );

  it.each(['parametre', 'installee', 'ELECTION', 'enregistrees', 'epoque', 'universites', 'allerent'])(
    'of a word typed without accents reach the accented one (%s)',
    (typed) => {
      const accented: Record<string, string> = {
        parametre: 'paramètre',
        installee: 'installée',
        ELECTION: 'élections',
        enregistrees: 'enregistrée',
        epoque: 'époques',
        universites: 'université',
        allerent: 'aller',
      };
      expect(queryTerms(typed.toLowerCase())).toContain(termOf(accented[typed] ?? '', 'fr'));
    },
  );
});
