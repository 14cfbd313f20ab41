/** Sample documents from plain data: pages of lines, with what else a PDF can hold. */
import { PdfFile } from './pdf-writer.ts';

/** A sample. */
export interface Sample {
  readonly title?: string;
  readonly author?: string;
  /** Lines per page. */
  readonly pages: readonly (readonly string[])[];
  /** Outline entries with their page, from 1. */
  readonly outline?: readonly { readonly title: string; readonly page: number }[];
  /** Text by a Unicode map instead of Western letters. */
  readonly unicode?: boolean;
  /** Form fields, name and value, on the first page. */
  readonly fields?: Readonly<Record<string, string>>;
  readonly password?: string;
  /** A picture of text in place of text: one bit per pixel, rows of whole bytes, 1 is white. */
  readonly picture?: { readonly width: number; readonly height: number; readonly bits: Buffer };
}

const WIDTH = 595;
const HEIGHT = 842;
const FONT_SIZE = 12;
const LEADING = 18;

/** The bytes of a sample. */
export function samplePdf(sample: Sample): Buffer {
  const file = new PdfFile();
  const catalogue = file.reserve();
  const tree = file.reserve();
  const font = sample.unicode === true ? unicodeFont(file, sample.pages.flat().join('')) : westernFont(file);
  const picture = sample.picture === undefined ? undefined : addPicture(file, sample.picture);
  const fields = Object.entries(sample.fields ?? {});
  const widgets = fields.map(() => file.reserve());
  const pages = sample.pages.map((lines, index) => {
    const resources = `/Font << /F1 ${font.number} 0 R >>${picture === undefined ? '' : ` /XObject << /Im1 ${picture} 0 R >>`}`;
    const content =
      picture === undefined
        ? textContent(lines, font.show)
        : Buffer.from(`q 480 0 0 640 57 100 cm /Im1 Do Q`);
    const stream = file.add('<< >>', content);
    const annotations =
      index === 0 && widgets.length > 0
        ? ` /Annots [${widgets.map((number) => `${number} 0 R`).join(' ')}]`
        : '';
    return file.add(
      `<< /Type /Page /Parent ${tree} 0 R /MediaBox [0 0 ${WIDTH} ${HEIGHT}] /Resources << ${resources} >> /Contents ${stream} 0 R${annotations} >>`,
    );
  });
  file.set(
    tree,
    `<< /Type /Pages /Count ${pages.length} /Kids [${pages.map((number) => `${number} 0 R`).join(' ')}] >>`,
  );
  for (const [index, [name, value]] of fields.entries()) {
    const bottom = HEIGHT - 300 - index * 30;
    file.set(
      widgets[index] ?? 0,
      `<< /Type /Annot /Subtype /Widget /FT /Tx /T ${utf16(name)} /V ${utf16(value)} /DA (/F1 12 Tf 0 g) /F 4 /Rect [160 ${bottom} 460 ${bottom + 20}] /P ${pages[0] ?? 0} 0 R >>`,
    );
  }
  const form =
    fields.length === 0
      ? ''
      : ` /AcroForm << /NeedAppearances true /Fields [${widgets.map((number) => `${number} 0 R`).join(' ')}] /DR << /Font << /F1 ${font.number} 0 R >> >> >>`;
  const outline =
    sample.outline === undefined ? '' : ` /Outlines ${addOutline(file, sample.outline, pages)} 0 R`;
  file.set(catalogue, `<< /Type /Catalog /Pages ${tree} 0 R${outline}${form} >>`);
  // Strings are left out of encrypted samples: the writer encrypts streams only.
  const info =
    sample.title === undefined || sample.password !== undefined
      ? ''
      : ` /Info ${file.add(`<< /Title ${utf16(sample.title)} /Author ${utf16(sample.author ?? '')} /Producer (Longshore samples) >>`)} 0 R`;
  return file.bytes(`/Root ${catalogue} 0 R${info}`, sample.password);
}

interface Font {
  readonly number: number;
  /** A line as the operand of Tj. */
  readonly show: (line: string) => string;
}

function textContent(lines: readonly string[], show: (line: string) => string): Buffer {
  const shown = lines.map((line) => `${show(line)} Tj T*`).join('\n');
  return Buffer.from(`BT /F1 ${FONT_SIZE} Tf ${LEADING} TL 72 ${HEIGHT - 90} Td\n${shown}\nET`, 'latin1');
}

/** Windows code page 1252, where it differs from Latin 1 in letters that the samples use. */
const CP1252: ReadonlyMap<string, number> = new Map([
  ['œ', 0x9c],
  ['Œ', 0x8c],
  ['’', 0x92],
  ['“', 0x93],
  ['”', 0x94],
  ['–', 0x96],
  ['—', 0x97],
  ['…', 0x85],
  ['€', 0x80],
]);

function westernFont(file: PdfFile): Font {
  return {
    number: file.add('<< /Type /Font /Subtype /Type1 /BaseFont /Times-Roman /Encoding /WinAnsiEncoding >>'),
    show(line) {
      const bytes = [...line].map((character) => CP1252.get(character) ?? character.charCodeAt(0));
      return `<${Buffer.from(bytes).toString('hex')}>`;
    },
  };
}

/** A composite font without a font program: readers draw with what they have, and extract by the Unicode map. */
function unicodeFont(file: PdfFile, text: string): Font {
  const characters = [...new Set(text)];
  const code = (character: string): string =>
    (characters.indexOf(character) + 1).toString(16).padStart(4, '0');
  const maps = characters.map(
    (character) => `<${code(character)}> <${Buffer.from(character, 'utf16le').swap16().toString('hex')}>`,
  );
  const blocks: string[] = [];
  for (let at = 0; at < maps.length; at += 100) {
    const block = maps.slice(at, at + 100);
    blocks.push(`${block.length} beginbfchar\n${block.join('\n')}\nendbfchar`);
  }
  const cmap = file.add(
    '<< >>',
    Buffer.from(
      `/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n/CMapName /Longshore-UCS2 def /CMapType 2 def\n1 begincodespacerange <0000> <ffff> endcodespacerange\n${blocks.join('\n')}\nendcmap CMapName currentdict /CMap defineresource pop end end`,
    ),
  );
  const descriptor = file.add(
    '<< /Type /FontDescriptor /FontName /Samples /Flags 4 /FontBBox [0 -200 1000 900] /ItalicAngle 0 /Ascent 900 /Descent -200 /CapHeight 700 /StemV 80 >>',
  );
  const descendant = file.add(
    `<< /Type /Font /Subtype /CIDFontType2 /BaseFont /Samples /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /FontDescriptor ${descriptor} 0 R /DW 600 >>`,
  );
  return {
    number: file.add(
      `<< /Type /Font /Subtype /Type0 /BaseFont /Samples /Encoding /Identity-H /DescendantFonts [${descendant} 0 R] /ToUnicode ${cmap} 0 R >>`,
    ),
    show: (line) => `<${[...line].map(code).join('')}>`,
  };
}

function addPicture(file: PdfFile, { width, height, bits }: NonNullable<Sample['picture']>): number {
  return file.add(
    `<< /Type /XObject /Subtype /Image /Width ${width} /Height ${height} /ColorSpace /DeviceGray /BitsPerComponent 1 >>`,
    bits,
  );
}

function addOutline(
  file: PdfFile,
  entries: NonNullable<Sample['outline']>,
  pages: readonly number[],
): number {
  const root = file.reserve();
  const items = entries.map(() => file.reserve());
  for (const [index, { title, page }] of entries.entries()) {
    const previous = index === 0 ? '' : ` /Prev ${items[index - 1]} 0 R`;
    const next = index === entries.length - 1 ? '' : ` /Next ${items[index + 1]} 0 R`;
    file.set(
      items[index] ?? 0,
      `<< /Title ${utf16(title)} /Parent ${root} 0 R /Dest [${pages[page - 1]} 0 R /Fit]${previous}${next} >>`,
    );
  }
  file.set(
    root,
    `<< /Type /Outlines /First ${items[0]} 0 R /Last ${items.at(-1)} 0 R /Count ${items.length} >>`,
  );
  return root;
}

function utf16(text: string): string {
  return `<feff${Buffer.from(text, 'utf16le').swap16().toString('hex')}>`;
}
