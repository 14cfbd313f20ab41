/** The language of a text by its script and its commonest short words. Small and fast; `und` when it cannot tell. */

const SCRIPTS: readonly (readonly [RegExp, string])[] = [
  [/[\p{Script=Hiragana}\p{Script=Katakana}]/gu, 'ja'],
  [/\p{Script=Hangul}/gu, 'ko'],
  [/\p{Script=Han}/gu, 'zh'],
  [/\p{Script=Arabic}/gu, 'ar'],
  [/\p{Script=Hebrew}/gu, 'he'],
  [/\p{Script=Cyrillic}/gu, 'ru'],
  [/\p{Script=Greek}/gu, 'el'],
];

const WORDS: Readonly<Record<string, string>> = {
  fr: 'le la les des est et une un dans que qui pour pas sur au aux ce cette il elle ne se vous nous avec par plus du son sa mais ou où été être était',
  en: 'the of and to in is that it was for on are with as his they be at this have from or had by not but what all were when we there can an your which their if',
  de: 'der die und das den von zu mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er hat dass sie nach wird bei noch wie einem über',
  es: 'el los las una del que en por con para se su al lo como más pero sus le ya este sí porque esta entre cuando muy sin sobre también hasta hay donde',
  it: 'il di che è la per un in non sono una con si da come del le ma della gli anche nel più alla questo dei delle nella era essere mi ha lo al',
  pt: 'o que do da em um para com não uma os no se na por mais as dos como mas foi ao ele das tem à seu sua ou ser quando muito há nos já está',
  nl: 'de het een van en in is dat op te zijn met voor niet aan er om ook als dan maar bij nog uit naar heeft hij ze worden wordt door over deze die',
};

const LANGUAGES = new Map<string, string[]>();
for (const [language, words] of Object.entries(WORDS)) {
  for (const word of words.split(' ')) LANGUAGES.set(word, [...(LANGUAGES.get(word) ?? []), language]);
}

const SAMPLE_CHARACTERS = 20_000;
/** Below this share of common words a text is a list, a table or another language. */
const MIN_SHARE = 0.08;

/** ISO 639-1 code of the main language, or `und`. */
export function detectLanguage(text: string): string {
  const sample = text.slice(0, SAMPLE_CHARACTERS);
  const letters = sample.match(/\p{L}/gu)?.length ?? 0;
  if (letters < 20) return 'und';
  for (const [pattern, language] of SCRIPTS) {
    const count = sample.match(pattern)?.length ?? 0;
    // Japanese mixes kana with many Chinese characters: a tenth of kana is enough.
    if (count > letters * (language === 'ja' ? 0.1 : 0.4)) return language;
  }
  const words = sample.toLowerCase().match(/\p{L}+/gu) ?? [];
  const scores = new Map<string, number>();
  for (const word of words) {
    const languages = LANGUAGES.get(word) ?? [];
    for (const language of languages)
      scores.set(language, (scores.get(language) ?? 0) + 1 / languages.length);
  }
  const [best] = [...scores].sort((a, b) => b[1] - a[1]);
  return best !== undefined && best[1] >= words.length * MIN_SHARE ? best[0] : 'und';
}
