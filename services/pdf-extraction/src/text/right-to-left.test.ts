import { describe, expect, it } from 'vitest';
import { rightToLeftFaults } from './right-to-left.ts';

const ARABIC =
  'وقد اتسمت لغة أعماله المسرحية باليسر والمرونة وحرص على أن يبرز فيها روح اللهجة العامية المصرية';
const HEBREW = 'זה הספר של הילד הוא קרא את הסיפור עם החברים בבית הספר כי אהב אותו';
const turned = (text: string): string =>
  text
    .split(' ')
    .map((word) => [...word].toReversed().join(''))
    .join(' ');

describe('text from right to left', () => {
  it('has hardly a fault when it is sound', () => {
    expect(rightToLeftFaults(ARABIC)).toBeLessThan(0.1);
    expect(rightToLeftFaults(HEBREW)).toBeLessThan(0.1);
  });

  it.each([
    ['turned around', turned(ARABIC)],
    ['mixed with Latin letters', ARABIC.replaceAll('ر', 'r').replaceAll('ا', 'A')],
    ['torn apart at vowel marks', ARABIC.replace(/(\p{L})(?=\p{L})/gu, '$1 \u064E')],
    ['torn into letters', ARABIC.split('').join(' ')],
  ])('is found out when it is %s', (_name, text) => {
    expect(rightToLeftFaults(text)).toBeGreaterThan(0.25);
  });

  it('is not judged by a few words, nor are other scripts', () => {
    expect(rightToLeftFaults('שלום')).toBeUndefined();
    expect(
      rightToLeftFaults('A wholly ordinary sentence that has more than ten words in it'),
    ).toBeUndefined();
  });
});
