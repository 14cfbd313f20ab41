/** PDFs that try to hurt whoever reads them, made for tests: our own, and never written to the repository. */
import { deflateSync } from 'node:zlib';
import { PdfFile } from './pdf-writer.ts';

/** A page that takes for ever: a form of megabytes of drawing that leaves nothing behind, drawn again and again. */
export function slowPdf(): Buffer {
  const file = new PdfFile();
  const drawing = deflateSync(Buffer.alloc(8 * 1_048_576, '0 0 m 9 9 l n\n'), { level: 1 });
  const form = file.add('<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Filter /FlateDecode >>', drawing);
  return finish(file, Buffer.from('/X Do\n'.repeat(5_000)), `/XObject << /X ${form} 0 R >>`);
}

/** Ten forms, each of which draws the next one ten times: ten thousand million drawings, all remembered. */
export function greedyPdf(): Buffer {
  const file = new PdfFile();
  let inner = file.add(
    '<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] >>',
    Buffer.from('0 0 5 5 re f\n'.repeat(10)),
  );
  for (let level = 0; level < 10; level += 1) {
    const draws = Buffer.from('/X Do\n'.repeat(10));
    inner = file.add(
      `<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X ${inner} 0 R >> >> >>`,
      draws,
    );
  }
  return finish(file, Buffer.from('/X Do'), `/XObject << /X ${inner} 0 R >>`);
}

function finish(file: PdfFile, content: Buffer, resources: string): Buffer {
  const stream = file.add('<< >>', content);
  const tree = file.reserve();
  const page = file.add(
    `<< /Type /Page /Parent ${tree} 0 R /MediaBox [0 0 99 99] /Resources << ${resources} >> /Contents ${stream} 0 R >>`,
  );
  file.set(tree, `<< /Type /Pages /Count 1 /Kids [${page} 0 R] >>`);
  return file.bytes(`/Root ${file.add(`<< /Type /Catalog /Pages ${tree} 0 R >>`)} 0 R`);
}
