/**
 * What the first bytes of an image say: its kind and its size. Read before anything is decoded, since a file of some
 * kilobytes can claim to be a picture of gigabytes.
 */

/** Kind and size. */
export interface ImageHeader {
  readonly kind: 'png' | 'jpeg';
  readonly widthPixels: number;
  readonly heightPixels: number;
}

const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** The header, or `undefined` for what is no PNG or JPEG. */
export function imageHeader(bytes: Uint8Array): ImageHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (PNG.every((byte, at) => bytes[at] === byte)) return pngHeader(view);
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return jpegHeader(view);
  return undefined;
}

function pngHeader(view: DataView): ImageHeader | undefined {
  if (view.byteLength < 24) return undefined;
  return { kind: 'png', widthPixels: view.getUint32(16), heightPixels: view.getUint32(20) };
}

/** Goes from segment to segment up to the one that starts a frame (SOF0 to SOF15, but for the tables among them). */
function jpegHeader(view: DataView): ImageHeader | undefined {
  let at = 2;
  while (at + 9 <= view.byteLength) {
    if (view.getUint8(at) !== 0xff) return undefined;
    const marker = view.getUint8(at + 1);
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame)
      return { kind: 'jpeg', heightPixels: view.getUint16(at + 5), widthPixels: view.getUint16(at + 7) };
    // A fill byte stands alone; all other segments before the frame have a length.
    at += marker === 0xff ? 1 : 2 + view.getUint16(at + 2);
  }
  return undefined;
}
