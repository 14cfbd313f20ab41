/**
 * Writes the sample documents of `pnpm demo` into `examples/documents/`: `pnpm samples`. The same bytes each time; a test
 * holds the folder equal to what this writes.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { samplePdf, type Sample } from './sample.ts';
import * as texts from './texts.ts';

const one = (text: string): Sample['pages'] => [texts.lines(text)];

/** Password of the encrypted sample. */
export const SAMPLE_PASSWORD = 'longshore';

/** Every sample by its file name. */
export function samples(): ReadonlyMap<string, Buffer> {
  const western: Record<string, Sample> = {
    'fr-compte-rendu-election.pdf': {
      title: "Compte rendu de l'élection municipale",
      author: 'Secrétariat de la mairie',
      pages: texts.ELECTION.map(texts.lines),
      outline: [
        { title: "Déroulement de l'élection", page: 1 },
        { title: 'Répartition des sièges', page: 2 },
        { title: 'Annexe', page: 3 },
      ],
    },
    'fr-la-fontaine-cigale.pdf': {
      title: 'La Cigale et la Fourmi',
      author: 'Jean de La Fontaine',
      pages: one(texts.CIGALE),
    },
    'fr-hugo-demain.pdf': { title: 'Demain, dès l’aube', author: 'Victor Hugo', pages: one(texts.DEMAIN) },
    'en-dickens-two-cities.pdf': {
      title: 'A Tale of Two Cities',
      author: 'Charles Dickens',
      pages: one(texts.TWO_CITIES),
    },
    'en-melville-moby-dick.pdf': {
      title: 'Moby-Dick',
      author: 'Herman Melville',
      pages: one(texts.MOBY_DICK),
    },
    'en-harbour-log.pdf': {
      title: 'Harbour log',
      pages: Array.from({ length: 24 }, (_, index) => texts.lines(texts.harbourLog(index + 1))),
    },
    'de-goethe-erlkoenig.pdf': {
      title: 'Erlkönig',
      author: 'Johann Wolfgang von Goethe',
      pages: one(texts.ERLKOENIG),
    },
    'es-cervantes-quijote.pdf': {
      title: 'Don Quijote de la Mancha',
      author: 'Miguel de Cervantes',
      pages: one(texts.QUIJOTE),
    },
    'it-dante-commedia.pdf': {
      title: 'La Divina Commedia',
      author: 'Dante Alighieri',
      pages: one(texts.COMMEDIA),
    },
    'pt-camoes-lusiadas.pdf': { title: 'Os Lusíadas', author: 'Luís de Camões', pages: one(texts.LUSIADAS) },
    'nl-multatuli-havelaar.pdf': { title: 'Max Havelaar', author: 'Multatuli', pages: one(texts.HAVELAAR) },
    'form-registration.pdf': {
      title: 'Registration form',
      pages: one(
        'Registration of a ship\n\nPlease fill in the fields below and hand the form to the harbour office.',
      ),
      fields: { Ship: 'Amaryllis', Captain: 'Ada Lovelace', Cargo: 'Analytical engines' },
    },
    'encrypted-contract.pdf': {
      pages: one('This contract is for those who know the password.'),
      password: SAMPLE_PASSWORD,
    },
    'scanned-letter.pdf': { title: 'Scanned letter', pages: [[]], picture: pictureOfText() },
  };
  const unicode: Record<string, Sample> = {
    'ru-pushkin-mgnovenye.pdf': {
      title: 'Я помню чудное мгновенье',
      pages: one(texts.PUSHKIN),
      unicode: true,
    },
    'ja-soseki-wagahai.pdf': { title: '吾輩は猫である', pages: one(texts.WAGAHAI), unicode: true },
    'el-homer-odyssey.pdf': { title: 'Ὀδύσσεια', pages: one(texts.ODYSSEY), unicode: true },
  };
  const files = Object.entries({ ...western, ...unicode }).map(
    ([name, sample]) => [name, samplePdf(sample)] as const,
  );
  return new Map([...files, ['damaged-invoice.pdf', damaged()] as const]);
}

/** The head of a PDF, then noise: what a broken transfer leaves. No reader can repair it. */
function damaged(): Buffer {
  let state = 1;
  const noise = Buffer.from(
    Array.from({ length: 2_000 }, () => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) >> 16),
  );
  return Buffer.concat([Buffer.from('%PDF-1.7\n%\xE2\xE3\xCF\xD3\n1 0 ob', 'latin1'), noise]);
}

/** Rows of a 3 by 5 pixel alphabet, bits from the top left. */
const GLYPHS: Readonly<Record<string, number>> = {
  A: 0b010101111101101,
  B: 0b110101110101110,
  C: 0b011100100100011,
  D: 0b110101101101110,
  E: 0b111100110100111,
  G: 0b011100101101011,
  H: 0b101101111101101,
  I: 0b111010010010111,
  L: 0b100100100100111,
  M: 0b101111111101101,
  N: 0b110101101101101,
  O: 0b010101101101010,
  R: 0b110101110101101,
  S: 0b011100010001110,
  T: 0b111010010010010,
  U: 0b101101101101111,
  W: 0b101101111111101,
  Y: 0b101101010010010,
};
const SCALE = 4;
const PICTURE = { width: 480, height: 320 };

/** A letter as a scanner sees it: pixels, no text. */
function pictureOfText(): NonNullable<Sample['picture']> {
  const { width, height } = PICTURE;
  const bits = Buffer.alloc((width / 8) * height, 0xff);
  const black = (x: number, y: number): void => {
    const at = (y * width + x) >> 3;
    bits[at] = (bits[at] ?? 0) & ~(0x80 >> (x & 7));
  };
  const dots = (character: string, left: number, top: number): void => {
    const glyph = GLYPHS[character] ?? 0;
    for (let pixel = 0; pixel < 15 * SCALE * SCALE; pixel += 1) {
      const [x, y] = [pixel % (3 * SCALE), Math.floor(pixel / (3 * SCALE))];
      const bit = Math.floor(y / SCALE) * 3 + Math.floor(x / SCALE);
      if ((glyph >> (14 - bit)) & 1) black(left + x, top + y);
    }
  };
  for (const [row, line] of [
    'DEAR HARBOUR BOARD',
    'THE LIGHT AT THE',
    'NORTH MOLE IS OUT',
    'SINCE MONDAY',
    'THE MASTER',
  ].entries()) {
    for (const [column, character] of [...line].entries())
      dots(character, 24 + column * 4 * SCALE, 30 + row * 50);
  }
  return { width, height, bits };
}

if (import.meta.main) {
  const folder = fileURLToPath(new URL('../../examples/documents/', import.meta.url));
  await mkdir(folder, { recursive: true });
  for (const [name, bytes] of samples()) await writeFile(`${folder}${name}`, bytes);
  console.log(`${samples().size} documents in ${folder}`);
}
