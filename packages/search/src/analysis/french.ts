/**
 * French stems: plural, feminine and the commonest verb and noun endings, longest first. Light on purpose: it joins the
 * forms that people type for each other (paramètre, paramètres; élection, élections; installé, installée, installer)
 * and leaves the rest alone. Works on words with their accents, before these are folded.
 */

/** Endings, longest first, with what takes their place; a stem keeps at least three letters. */
const ENDINGS: readonly (readonly [string, string])[] = [
  ['issements', ''],
  ['issement', ''],
  ['issantes', ''],
  ['issants', ''],
  ['issante', ''],
  ['issant', ''],
  ['atrices', 'at'],
  ['atrice', 'at'],
  ['ateurs', 'at'],
  ['ateur', 'at'],
  ['ations', 'at'],
  ['ation', 'at'],
  ['ements', ''],
  ['ement', ''],
  ['euses', 'eu'],
  ['euse', 'eu'],
  ['eux', 'eu'],
  ['ances', 'anc'],
  ['ance', 'anc'],
  ['ences', 'enc'],
  ['ence', 'enc'],
  ['ivement', 'iv'],
  ['ives', 'iv'],
  ['ive', 'iv'],
  ['ifs', 'iv'],
  ['if', 'iv'],
  ['issons', ''],
  ['issez', ''],
  ['issent', ''],
  ['eraient', ''],
  ['erions', ''],
  ['erait', ''],
  ['erais', ''],
  ['eront', ''],
  ['erons', ''],
  ['erez', ''],
  ['eras', ''],
  ['erai', ''],
  ['era', ''],
  ['aient', ''],
  ['assent', ''],
  ['antes', ''],
  ['ante', ''],
  ['ants', ''],
  ['ant', ''],
  ['ées', ''],
  // As people type them without accents.
  ['ees', ''],
  ['ee', ''],
  ['ée', ''],
  ['és', ''],
  ['é', ''],
  ['iez', ''],
  ['ions', 'ion'],
  ['ons', ''],
  ['ait', ''],
  ['ais', ''],
  ['èrent', ''],
  ['ent', ''],
  ['ez', ''],
  ['ers', ''],
  ['er', ''],
  ['ies', 'i'],
  ['ie', 'i'],
  ['ir', 'i'],
  ['is', 'i'],
  ['it', 'i'],
  ['elles', 'el'],
  ['elle', 'el'],
  ['els', 'el'],
  ['ennes', 'en'],
  ['enne', 'en'],
  ['onnes', 'on'],
  ['onne', 'on'],
  ['ettes', 'et'],
  ['ette', 'et'],
  ['ères', 'er'],
  ['ère', 'er'],
  ['iers', 'ier'],
  ['es', ''],
  ['e', ''],
  ['s', ''],
];
const MIN_STEM = 3;

/** The stem of a lower-case French word. */
export function stemFrench(word: string): string {
  if (word.length <= MIN_STEM) return word;
  let stem = word;
  if (stem.endsWith('eaux')) stem = stem.slice(0, -1);
  else if (stem.endsWith('aux') && stem.length > 4) stem = `${stem.slice(0, -3)}al`;
  for (const [ending, instead] of ENDINGS) {
    if (!stem.endsWith(ending) || stem.length - ending.length + instead.length < MIN_STEM) continue;
    stem = stem.slice(0, -ending.length) + instead;
    break;
  }
  // appelle, appeler; vieille, vieil: a doubled last consonant is one.
  return /([bcdfglmnprst])\1$/.test(stem) ? stem.slice(0, -1) : stem;
}
