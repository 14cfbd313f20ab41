/**
 * The language of a text: by its script, and for Latin letters by its commonest short words. Small, fast, and `und` when
 * it cannot tell: a wrong language harms a search more than none.
 */

interface Script {
  readonly pattern: RegExp;
  readonly language: string;
  /** Least share of all letters. */
  readonly minShare: number;
}

/**
 * Japanese stands first: it mixes kana with many Chinese characters, so a tenth of kana decides. A Chinese character says
 * as much as several letters.
 */
const SCRIPTS: readonly Script[] = [
  { pattern: /[\p{Script=Hiragana}\p{Script=Katakana}]/gu, language: 'ja', minShare: 0.1 },
  { pattern: /\p{Script=Hangul}/gu, language: 'ko', minShare: 0.4 },
  { pattern: /\p{Script=Han}/gu, language: 'zh', minShare: 0.15 },
  { pattern: /\p{Script=Arabic}/gu, language: 'ar', minShare: 0.5 },
  { pattern: /\p{Script=Hebrew}/gu, language: 'he', minShare: 0.5 },
  { pattern: /\p{Script=Cyrillic}/gu, language: 'ru', minShare: 0.5 },
  { pattern: /\p{Script=Greek}/gu, language: 'el', minShare: 0.5 },
];

/** Letters of the script that this language does not have: Persian and Urdu; Ukrainian, Belarusian, Serbian. */
const FOREIGN_LETTERS: Readonly<Record<string, RegExp>> = {
  ar: /[\u067E\u0686\u0698\u06A9\u06AF\u06BE\u06C1\u06D2]/gu,
  ru: /[\u0404\u0406\u0407\u0408\u0409\u040A\u040B\u040E\u040F\u0454\u0456\u0457\u0458\u0459\u045A\u045B\u045E\u045F\u0490\u0491]/gu,
};

/** Function words. A word of several languages counts for each of them, in part. */
const WORDS: Readonly<Record<string, string>> = {
  fr: 'le la les des du de est et une un dans que qu qui pour pas sur au aux ce cette ces il elle ils elles ne se vous nous je on en avec par plus son sa ses mais ou où été être était sont ont leur même tout comme si bien fait',
  en: 'the of and to in is that it was for on are with as his her they be at this have from or had by not but what all were when we there can an your which their if will would has more you he she no so my me do been its than into out up',
  de: 'der die und das den von zu mit sich des auf für ist im dem nicht ein eine einen einer als auch es an werden aus er hat dass daß sie nach wird bei noch wie über so zum zur war haben nur oder aber vor durch man sind ich wir mein kann in um am',
  es: 'el la los las un una del de que en por con para se su al lo como más pero sus le ya este sí porque esta entre cuando muy sin sobre también hasta hay donde no es son fue ha era ser si todo nos ni yo había desde está cada',
  it: 'il di che la per un in non sono una con si da come del le ma della gli anche nel più alla questo dei delle nella era essere mi ha lo al se ne ed dal suo sua tutto cui ci degli quando perché così chi su dalla ai',
  pt: 'que do da em um para com não uma os no na por mais as dos como mas foi ao ele das tem seu sua ou ser quando muito há nos já está eu também só pelo pela até isso ela entre era depois sem mesmo aos de se',
  nl: 'de het een van en in is dat op te zijn met voor niet aan er om ook als dan maar bij nog uit naar heeft hij ze worden wordt door over deze die was had ik je of we kan zou geen haar hun tot wel men dit al zo der',
};

const LANGUAGES_OF_WORD = new Map<string, readonly string[]>();
for (const [language, words] of Object.entries(WORDS)) {
  for (const word of words.split(' '))
    LANGUAGES_OF_WORD.set(word, [...(LANGUAGES_OF_WORD.get(word) ?? []), language]);
}

/** How much of a document {@link detectLanguage} looks at, in UTF-16 units; more changes nothing. */
export const LANGUAGE_SAMPLE_LENGTH = 20_000;
const SHORT_SAMPLE_LENGTH = 6_000;
/** Fewer letters say nothing. */
const MIN_LETTERS = 20;
/** Running text has 30 to 50 % function words; below this it is a list, a table or a language that is not known here. */
const MIN_SHARE = 0.11;
/** How far ahead of the second the first must be. */
const MIN_LEAD = 1.15;
/** How many different function words must occur: a few short ones are in every drawing. */
const MIN_DIFFERENT_WORDS = 4;
const MAX_FOREIGN_SHARE = 0.02;

/** ISO 639-1 code of the main language (ar, de, el, en, es, fr, he, it, ja, ko, nl, pt, ru, zh), or `und`. */
export function detectLanguage(text: string): string {
  const sample = text.slice(0, LANGUAGE_SAMPLE_LENGTH);
  const letters = lettersOf(sample);
  if (letters < MIN_LETTERS) return 'und';
  for (const { pattern, language, minShare } of SCRIPTS) {
    const found = count(sample, pattern);
    if (found <= letters * minShare) continue;
    const foreign = FOREIGN_LETTERS[language];
    return foreign !== undefined && count(sample, foreign) > found * MAX_FOREIGN_SHARE ? 'und' : language;
  }
  // A few pages of running text tell; front matter without any needs more.
  const language = latinLanguage(sample.slice(0, SHORT_SAMPLE_LENGTH));
  return language === 'und' ? latinLanguage(sample) : language;
}

function latinLanguage(sample: string): string {
  // Single letters are as often labels of a drawing as words.
  const words = sample.toLowerCase().match(/\p{L}{2,}/gu) ?? [];
  const scores = new Map<string, number>();
  for (const word of words) {
    const languages = LANGUAGES_OF_WORD.get(word) ?? [];
    for (const language of languages)
      scores.set(language, (scores.get(language) ?? 0) + weight(languages.length));
  }
  const [best, second] = [...scores].sort((a, b) => b[1] - a[1]);
  if (best === undefined || best[1] < words.length * MIN_SHARE) return 'und';
  const different = [...new Set(words)].filter(
    (word) => LANGUAGES_OF_WORD.get(word)?.includes(best[0]) === true,
  );
  if (different.length < MIN_DIFFERENT_WORDS) return 'und';
  return best[1] >= (second?.[1] ?? 0) * MIN_LEAD ? best[0] : 'und';
}

/** A word that several languages share says less, but not nothing: all of them are told apart by their other words. */
function weight(languages: number): number {
  return 1 / Math.sqrt(languages);
}

/** Letters, in UTF-16 units: removing the runs between them takes a tenth of what matching each letter does. */
function lettersOf(text: string): number {
  return text.replace(/\P{L}+/gu, '').length;
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
