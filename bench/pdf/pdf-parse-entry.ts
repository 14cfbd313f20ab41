/**
 * pdf-parse as its users call it: in their own process, one document after the other. It gets its character maps and
 * standard fonts, without which it drops more than half of Chinese, Japanese and Korean text and is faster for it.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import { PDFParse, VerbosityLevel } from 'pdf-parse';
import { serve } from './serve.ts';

const pdfParse = createRequire(import.meta.url).resolve('pdf-parse');
const pdfJs = dirname(createRequire(pdfParse).resolve('pdfjs-dist/package.json'));
const fonts = {
  cMapUrl: join(pdfJs, 'cmaps') + sep,
  cMapPacked: true,
  standardFontDataUrl: join(pdfJs, 'standard_fonts') + sep,
};

serve(async (file, keepText) => {
  const bytes = await readFile(file);
  const parser = new PDFParse({ data: new Uint8Array(bytes), verbosity: VerbosityLevel.ERRORS, ...fonts });
  try {
    const { text, pages, total } = await parser.getText({ pageJoiner: '' });
    return { pagesExpected: total, pages: pages.length, ...(keepText ? { text } : {}) };
  } finally {
    await parser.destroy();
  }
});
