/** PDFs that try to hurt whoever reads them, made for tests: our own, and never written to the repository. */
import { constants, deflateSync } from 'node:zlib';
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

/** A form that draws itself, three times over. */
export function selfDrawingPdf(): Buffer {
  const file = new PdfFile();
  const form = file.reserve();
  const self = `/XObject << /X ${form} 0 R >>`;
  file.set(
    form,
    `<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << ${self} >> >>`,
    Buffer.from('/X Do /X Do /X Do'),
  );
  return finish(file, Buffer.from('/X Do'), self);
}

/** A few kilobytes that unpack to `mebibytes` of blanks: packed twice, since blanks pack to a thousandth each time. */
export function bombPdf(mebibytes: number): Buffer {
  const blockMebibytes = 16;
  // A full flush ends a block where nothing refers back, so that the block can be repeated.
  const packed = deflateSync(Buffer.alloc(blockMebibytes * 1_048_576, ' '), {
    finishFlush: constants.Z_FULL_FLUSH,
  });
  const blocks = Array.from({ length: mebibytes / blockMebibytes }, () => packed.subarray(2));
  const whole = Buffer.concat([packed.subarray(0, 2), ...blocks, Buffer.from([3, 0, 0, 0, 0, 0])]);
  return finish(new PdfFile(), deflateSync(whole), '', '<< /Filter [/FlateDecode /FlateDecode] >>');
}

/** An outline whose two entries are each other's neighbour, child and parent. */
export function outlineLoopPdf(): Buffer {
  const file = new PdfFile();
  const [outline, one, two] = [file.reserve(), file.reserve(), file.reserve()];
  file.set(outline, `<< /Type /Outlines /First ${one} 0 R /Last ${two} 0 R >>`);
  file.set(one, `<< /Title (One) /Parent ${outline} 0 R /Next ${two} 0 R /First ${two} 0 R >>`);
  file.set(two, `<< /Title (Two) /Parent ${one} 0 R /Next ${one} 0 R /First ${one} 0 R >>`);
  return emptyPages(file, { count: 1, catalog: `/Outlines ${outline} 0 R` });
}

/** One page that pretends to be `count`. */
export function manyPagesPdf(count: number): Buffer {
  return emptyPages(new PdfFile(), { count });
}

/** A page tree that is its own branch, a thousand times. */
export function pageTreeLoopPdf(): Buffer {
  const file = new PdfFile();
  const tree = file.reserve();
  file.set(tree, `<< /Type /Pages /Count 1000 /Kids [${`${tree} 0 R `.repeat(1_000)}] >>`);
  return file.bytes(`/Root ${file.add(`<< /Type /Catalog /Pages ${tree} 0 R >>`)} 0 R`);
}

function emptyPages(
  file: PdfFile,
  { count, catalog = '' }: { readonly count: number; readonly catalog?: string },
): Buffer {
  const tree = file.reserve();
  const page = file.add(`<< /Type /Page /Parent ${tree} 0 R /MediaBox [0 0 99 99] >>`);
  file.set(tree, `<< /Type /Pages /Count ${count} /Kids [${page} 0 R] >>`);
  return file.bytes(`/Root ${file.add(`<< /Type /Catalog /Pages ${tree} 0 R ${catalog} >>`)} 0 R`);
}

function finish(file: PdfFile, content: Buffer, resources: string, dictionary = '<< >>'): Buffer {
  const stream = file.add(dictionary, content);
  const tree = file.reserve();
  const page = file.add(
    `<< /Type /Page /Parent ${tree} 0 R /MediaBox [0 0 99 99] /Resources << ${resources} >> /Contents ${stream} 0 R >>`,
  );
  file.set(tree, `<< /Type /Pages /Count 1 /Kids [${page} 0 R] >>`);
  return file.bytes(`/Root ${file.add(`<< /Type /Catalog /Pages ${tree} 0 R >>`)} 0 R`);
}
