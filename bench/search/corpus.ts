/** Documents to index: read from a folder, or made of French and English words that are as frequent as words are. */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { SearchDocument } from '@longshore/search';

/** Research measured documents of this size; the first 8 KB of longer files are taken. */
const TARGET_CHARACTERS = 4_500;
const MAX_CHARACTERS = 8_000;
/** Every fourth is French, as in the corpus of manuals that the bars come from. */
const FRENCH_EVERY = 4;

const FRENCH =
  'paramètre fichier élection cheval utilisateur réseau système mémoire langue installation enregistrement fenêtre imprimante serveur dossier requête réponse erreur valeur chaîne nombre liste tableau couleur image page texte document lettre port bateau journal question réunion décision région année semaine jour nuit matin ville rue maison porte clé mère père enfant école étude travail métier argent marché prix compte banque'.split(
    ' ',
  );
const ENGLISH =
  'parameter file election horse user network system memory language installation record window printer server folder request answer error value string number list table colour image page text document letter port boat journal question meeting decision region year week day night morning town street house door key mother father child school study work trade money market price account bank'.split(
    ' ',
  );
const SMALL = {
  fr: 'le la les un une de des du et à en que qui pour dans sur avec par est sont ne pas plus au aux se ce'.split(
    ' ',
  ),
  en: 'the a of and to in that for on with by is are not more at it this be or as from an which was'.split(
    ' ',
  ),
};
const ENDINGS = {
  fr: [
    '',
    's',
    'é',
    'ée',
    'ées',
    'ement',
    'ation',
    'ations',
    'er',
    'ant',
    'eur',
    'euse',
    'ique',
    'iste',
    'age',
    'able',
  ],
  en: [
    '',
    's',
    'ed',
    'ing',
    'er',
    'ers',
    'ly',
    'ness',
    'ment',
    'ation',
    'able',
    'al',
    'ive',
    'ist',
    'ful',
    'less',
  ],
};

/** Documents of a folder's `.txt` and `.md` files, subfolders included. */
export async function readCorpus(folder: string): Promise<SearchDocument[]> {
  const names = (await readdir(folder, { recursive: true }))
    .filter((name) => /\.(?:txt|md)$/.test(name))
    .toSorted();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
  return texts.map((text, index) =>
    documentOf(
      index,
      names[index] ?? '',
      / (?:le|la|les|des) /.test(text) ? 'fr' : 'en',
      text.slice(0, MAX_CHARACTERS),
    ),
  );
}

/** Documents made of words; the same ones every time. */
export function makeCorpus(count: number): SearchDocument[] {
  const random = generator(20_261_123);
  return Array.from({ length: count }, (_, index) => {
    const language = index % FRENCH_EVERY === 0 ? 'fr' : 'en';
    const words: string[] = [];
    let characters = 0;
    while (characters < TARGET_CHARACTERS) {
      const word = drawWord(random, language);
      words.push(word);
      characters += word.length + 1;
    }
    return documentOf(index, words.slice(0, 6).join(' '), language, words.join(' '));
  });
}

/** Searches for one word, two words and a phrase of the corpus. */
export function queriesOf(corpus: readonly SearchDocument[], count: number): string[] {
  const random = generator(7);
  return Array.from({ length: count }, (_, index) => {
    const document = corpus[Math.floor(random() * corpus.length)];
    const words = (document?.pages[0]?.text ?? '').split(/\s+/).filter((word) => /^\p{L}{4,}$/u.test(word));
    const at = Math.floor(random() * Math.max(1, words.length - 2));
    if (index % 3 === 0) return words[at] ?? 'port';
    const pair = `${words[at] ?? 'port'} ${words[at + 1] ?? 'page'}`;
    return index % 3 === 1 ? pair : `"${pair}"`;
  });
}

function documentOf(index: number, title: string, language: string, text: string): SearchDocument {
  return {
    id: `document-${index}`,
    revision: 1,
    title,
    language,
    source: `${title}.txt`,
    pages: [{ page: 1, text }],
  };
}

/** Half of a text is small words; the others are as frequent as their rank says (Zipf), names and numbers among them. */
function drawWord(random: () => number, language: 'fr' | 'en'): string {
  const small = SMALL[language];
  if (random() < 0.45) return small[Math.floor(random() * small.length)] ?? '';
  if (random() < 0.03) return String(Math.floor(random() * 100_000));
  const [roots, endings] = [language === 'fr' ? FRENCH : ENGLISH, ENDINGS[language]];
  const root = roots[Math.floor(roots.length * random() ** 2)] ?? '';
  const ending = endings[Math.floor(endings.length * random() ** 2)] ?? '';
  // A tail of rare words: what makes a vocabulary of tens of thousands.
  const tail =
    random() < 0.12
      ? `${'bcdfglmnprst'.charAt(Math.floor(random() * 12))}${Math.floor(random() * 4_000).toString(36)}`
      : '';
  return `${root}${tail}${ending}`;
}

function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}
