/** A long book, generated: pages of running text in three fonts, set word by word with kerning as TeX does it, an outline. */
import { deflateSync } from 'node:zlib';
import { PdfFile } from '../../test/samples/pdf-writer.ts';
import * as texts from '../../test/samples/texts.ts';

const PAGES = 2_400;
const PAGES_PER_CHAPTER = 60;
const LINES_PER_PAGE = 46;
const WORDS_PER_LINE = 13;
const FAN_OUT = 20;

/** The book's bytes; the same each time. */
export function bookPdf(): Buffer {
  const file = new PdfFile();
  const words = `${texts.TWO_CITIES} ${texts.MOBY_DICK}`.split(/\s+/);
  const fonts = ['Times-Roman', 'Helvetica-Bold', 'Times-Italic'].map((name) =>
    file.add(`<< /Type /Font /Subtype /Type1 /BaseFont /${name} /Encoding /WinAnsiEncoding >>`),
  );
  const resources = file.add(
    `<< /Font << ${fonts.map((number, index) => `/F${index} ${number} 0 R`).join(' ')} >> >>`,
  );
  const leaves: Node[] = Array.from({ length: PAGES }, (_, index) => {
    const content = file.add('<< /Filter /FlateDecode >>', deflateSync(pageContent(index, words)));
    const number = file.reserve();
    return {
      number,
      count: 1,
      write: (parent) =>
        file.set(
          number,
          `<< /Type /Page /Parent ${parent} 0 R /MediaBox [0 0 595 842] /Resources ${resources} 0 R /Contents ${content} 0 R >>`,
        ),
    };
  });
  const pages = pageTree(file, leaves);
  const outline = writeOutline(
    file,
    leaves.map(({ number }) => number),
  );
  const catalog = file.add(`<< /Type /Catalog /Pages ${pages} 0 R /Outlines ${outline} 0 R >>`);
  const info = file.add('<< /Title (A long book) /Author (Longshore) >>');
  return file.bytes(`/Root ${catalog} 0 R /Info ${info} 0 R`);
}

function pageContent(index: number, words: readonly string[]): Buffer {
  const parts = [`BT /F1 14 Tf 72 800 Td (Section ${index + 1}) Tj ET`, 'BT /F0 10 Tf 12 TL 72 770 Td'];
  for (let line = 0; line < LINES_PER_PAGE; line += 1) {
    const first = (index * 7 + line * WORDS_PER_LINE) % words.length;
    const set = Array.from(
      { length: WORDS_PER_LINE },
      (_, word) => words[(first + word) % words.length] ?? '',
    );
    parts.push(line % 10 === 9 ? '/F2 10 Tf' : '/F0 10 Tf', `[${set.map(kerned).join(' -250 ')}] TJ T*`);
  }
  parts.push('ET', `BT /F2 9 Tf 290 40 Td (${index + 1}) Tj ET`);
  return Buffer.from(parts.join('\n'), 'latin1');
}

/** A word, its second half moved a little. */
function kerned(word: string): string {
  const half = Math.ceil(word.length / 2);
  const quoted = (part: string): string => `(${part.replace(/[()\\]/g, String.raw`\$&`)})`;
  return word.length < 4 ? quoted(word) : `${quoted(word.slice(0, half))} 15 ${quoted(word.slice(half))}`;
}

interface Node {
  readonly number: number;
  readonly count: number;
  readonly write: (parent: number) => void;
}

/** Folders of pages, and folders of those, up to the root; its number. */
function pageTree(file: PdfFile, nodes: readonly Node[]): number {
  const folders = Array.from({ length: Math.ceil(nodes.length / FAN_OUT) }, (_, index): Node => {
    const kids = nodes.slice(index * FAN_OUT, (index + 1) * FAN_OUT);
    const number = file.reserve();
    const count = kids.reduce((sum, kid) => sum + kid.count, 0);
    for (const kid of kids) kid.write(number);
    const list = kids.map((kid) => `${kid.number} 0 R`).join(' ');
    return {
      number,
      count,
      write: (parent) =>
        file.set(
          number,
          `<< /Type /Pages ${parent === 0 ? '' : `/Parent ${parent} 0 R `}/Kids [${list}] /Count ${count} >>`,
        ),
    };
  });
  const [root] = folders;
  if (root === undefined || folders.length > 1) return pageTree(file, folders);
  root.write(0);
  return root.number;
}

function writeOutline(file: PdfFile, pages: readonly number[]): number {
  const outline = file.reserve();
  const chapters = pages.filter((_, index) => index % PAGES_PER_CHAPTER === 0);
  const entries = chapters.map(() => file.reserve());
  for (const [index, entry] of entries.entries()) {
    const [before, after] = [entries[index - 1], entries[index + 1]];
    const links = [
      before === undefined ? '' : `/Prev ${before} 0 R`,
      after === undefined ? '' : `/Next ${after} 0 R`,
    ];
    file.set(
      entry,
      `<< /Title (Chapter ${index + 1}) /Parent ${outline} 0 R ${links.join(' ')} /Dest [${chapters[index]} 0 R /Fit] >>`,
    );
  }
  file.set(
    outline,
    `<< /Type /Outlines /First ${entries[0]} 0 R /Last ${entries.at(-1)} 0 R /Count ${entries.length} >>`,
  );
  return outline;
}
