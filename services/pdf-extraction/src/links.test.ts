import { afterAll, describe, expect, it } from 'vitest';
import { PDFIUM, PDF_PARSE, createExtractor, type Extracted } from './extract.ts';

const ATTACHED = 'a secret that must stay packed';
const link = (target: string): string =>
  `<< /Type /Annot /Subtype /Link /Rect [10 10 90 90] /Border [0 0 0] ${target} >>`;
const page = (annotations: string): string =>
  `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Resources << /Font << /F1 5 0 R >> >> /Contents 6 0 R ${annotations} >>`;
const CONTENT = 'BT /F1 12 Tf 20 100 Td (Read more of the harbour) Tj ET';

/** Two pages: an address twice, a link to the second page by an action and by a destination, one that leads nowhere. */
const PDF = pdf([
  '<< /Type /Catalog /Pages 2 0 R /Names << /EmbeddedFiles << /Names [(a) 7 0 R (b) 8 0 R] >> >> >>',
  '<< /Type /Pages /Count 2 /Kids [3 0 R 4 0 R] >>',
  page(
    `/Annots [${link('/A << /S /URI /URI (https://example.org/a?b=1) >>')} ${link('/A << /S /URI /URI (https://example.org/a?b=1) >>')} ${link('/A << /S /GoTo /D [4 0 R /Fit] >>')} ${link('/Dest [4 0 R /Fit]')} ${link('/A << /S /Named /N /NextPage >>')}]`,
  ),
  page(''),
  '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  `<< /Length ${CONTENT.length} >>\nstream\n${CONTENT}\nendstream`,
  '<< /Type /Filespec /F (../../etc/invoice.xml) /UF (../../etc/invoice.xml) /EF << /F 9 0 R >> >>',
  '<< /Type /Filespec /F (notes.txt) /UF (notes.txt) /EF << /F 9 0 R >> >>',
  `<< /Type /EmbeddedFile /Length ${ATTACHED.length} >>\nstream\n${ATTACHED}\nendstream`,
]);

function pdf(objects: readonly string[]): Buffer {
  let file = '%PDF-1.7\n';
  const offsets = objects.map((object, index) => {
    const offset = file.length;
    file += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return `${String(offset).padStart(10, '0')} 00000 n \n`;
  });
  return Buffer.from(
    `${file}xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${offsets.join('')}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${file.length}\n%%EOF\n`,
  );
}

const engines = [
  ['pdfium', createExtractor({ children: 1, engine: PDFIUM, fallback: 'none' })],
  ['pdf-parse', createExtractor({ children: 1, engine: PDF_PARSE, fallback: 'none' })],
] as const;
afterAll(() => Promise.all(engines.map(([, extractor]) => extractor.close())));

describe.each(engines)('%s', (name, extractor) => {
  const read = async (): Promise<Extracted> => {
    const extraction = await extractor.extract(PDF);
    if (extraction.kind === 'failed') throw new Error(extraction.reason);
    return extraction;
  };

  it('tells where links lead, each target once, and leaves out those that lead nowhere', async () => {
    const { pages } = await read();
    expect(pages.map(({ links }) => links)).toEqual([
      [{ uri: 'https://example.org/a?b=1' }, { page: 2 }],
      [],
    ]);
  });

  it('names attached files without their folders where it can, and never unpacks them', async () => {
    const extraction = await read();
    expect(extraction.head.attachments).toEqual(
      name === 'pdfium' ? [{ name: 'invoice.xml' }, { name: 'notes.txt' }] : undefined,
    );
    expect(JSON.stringify(extraction)).not.toContain(ATTACHED);
  });
});
