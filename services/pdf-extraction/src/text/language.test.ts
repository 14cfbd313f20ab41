import { describe, expect, it } from 'vitest';
import { detectLanguage } from './language.ts';

describe('the language of a text', () => {
  it.each([
    [
      'fr',
      'L’élection du maire a lieu dans la salle du conseil, et les électeurs qui ne sont pas là votent par courrier.',
    ],
    [
      'en',
      'The ship that came in with the morning tide has been unloaded, and its crew will leave for the next harbour.',
    ],
    [
      'de',
      'Das Schiff, das mit der Flut gekommen ist, wird entladen, und die Mannschaft fährt nach dem Essen weiter.',
    ],
    [
      'es',
      'El barco que llegó con la marea de la mañana ya está vacío, y los marineros se van para el otro puerto.',
    ],
    ['it', 'La nave che è arrivata con la marea del mattino è vuota, e i marinai non sono più nella città.'],
    [
      'pt',
      'O navio que chegou com a maré da manhã já está vazio, e os marinheiros não foram para o outro porto.',
    ],
    [
      'nl',
      'Het schip dat met het tij van de ochtend is gekomen, wordt gelost en de bemanning gaat naar de volgende haven.',
    ],
    ['ja', '吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。'],
    ['zh', '学而时习之，不亦说乎？有朋自远方来，不亦乐乎？人不知而不愠，不亦君子乎？'],
    ['ko', '배는 아침 조류를 타고 항구에 들어왔고 선원들은 다음 항구로 떠날 것이다.'],
    ['ar', 'السفينة التي جاءت مع المد في الصباح فارغة الآن والبحارة في المدينة'],
    ['he', 'הספינה שהגיעה עם הגאות בבוקר כבר ריקה והמלחים הולכים אל העיר'],
    ['ru', 'У лукоморья дуб зелёный, златая цепь на дубе том, и днём и ночью кот учёный'],
    ['el', 'Σα βγεις στον πηγαιμό για την Ιθάκη να εύχεσαι νάναι μακρύς ο δρόμος'],
    ['und', 'Корабель, який прийшов із ранковим припливом, уже порожній, і його екіпаж вирушає далі.'],
    [
      'und',
      'Statek, który przypłynął z poranną falą, jest już pusty, a jego załoga płynie do następnego portu.',
    ],
    [
      'und',
      'Lorem ipsum dolor sit amet, consetetur sadipscing elitr, sed diam nonumy eirmod tempor invidunt ut labore',
    ],
    ['und', 'A1 B2 C3 D4 12.50 13.80 Total EUR HT TVA L M N D S C J Q'],
    ['und', 'Bonjour'],
    ['und', ''],
  ])('%s: %s', (language, text) => {
    expect(detectLanguage(text)).toBe(language);
  });
});
