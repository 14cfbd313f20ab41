import { expect, it } from 'vitest';
import { countWords } from './words.ts';

it.each([
  ['Tout flatteur vit aux dépens de celui qui l’écoute.', 9],
  ['吾輩は猫である', 7],
  ['PDF 1.7, 2nd edition', 5],
  [' — … ! ', 0],
])('"%s" has %i words', (text, words) => {
  expect(countWords(text)).toBe(words);
});
