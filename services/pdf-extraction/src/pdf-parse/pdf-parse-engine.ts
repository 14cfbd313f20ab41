/**
 * pdf-parse (pdf.js): the fallback engine, for documents that PDFium refuses or finds no text in.
 *
 * Its character maps are always passed: without them it silently loses more than half of Chinese and Japanese text.
 */
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import { PDFParse, PasswordException } from 'pdf-parse';
import { EngineError, type PdfEngine } from '../engine.ts';
import { normaliseText } from '../normalise.ts';

/** Loads the engine. */
export function pdfParseEngine(): Promise<PdfEngine> {
  const require = createRequire(import.meta.url);
  const pdfjs = dirname(createRequire(require.resolve('pdf-parse')).resolve('pdfjs-dist/package.json'));
  return Promise.resolve({
    name: 'pdf-parse',
    async extract(bytes, sink, { password }) {
      const parser = new PDFParse({
        data: new Uint8Array(bytes),
        cMapUrl: join(pdfjs, 'cmaps') + sep,
        cMapPacked: true,
        standardFontDataUrl: join(pdfjs, 'standard_fonts') + sep,
        isEvalSupported: false,
        verbosity: 0,
        ...(password === undefined ? {} : { password }),
      });
      try {
        const { total, pages } = await parser.getText({ pageJoiner: '' });
        sink.head({ pageCount: total, metadata: {}, outline: [] });
        for (const { num, text } of pages) {
          const normal = normaliseText(text);
          sink.page({ page: num, text: normal, textLayer: normal === '' ? 'none' : 'present' });
        }
      } catch (error) {
        if (error instanceof PasswordException)
          throw new EngineError('encrypted', 'The document is encrypted and needs a password');
        throw new EngineError('corrupt', error instanceof Error ? error.message : String(error));
      } finally {
        await parser.destroy();
      }
    },
  });
}
