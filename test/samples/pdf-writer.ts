/**
 * A small PDF writer for the sample documents: text in the standard fonts or by Unicode maps, an outline, metadata, a form,
 * an image, standard encryption. Uncompressed and without dates, so that the same input gives the same bytes.
 */
import { createHash } from 'node:crypto';

/** An object's content, before encryption: a dictionary or value, and a stream if it has one. */
interface PdfObject {
  readonly value: string;
  readonly stream?: Buffer;
}

/** Collects objects and writes the file. */
export class PdfFile {
  readonly #objects: (PdfObject | undefined)[] = [];

  /** Number for an object that is written later. */
  reserve(): number {
    return this.#objects.push(undefined);
  }

  set(number: number, value: string, stream?: Buffer): void {
    this.#objects[number - 1] = stream === undefined ? { value } : { value, stream };
  }

  add(value: string, stream?: Buffer): number {
    const number = this.reserve();
    this.set(number, value, stream);
    return number;
  }

  /** The bytes. With a password, streams are encrypted (RC4, 128 bits, revision 3); write no strings then. */
  bytes(trailer: string, password?: string): Buffer {
    const id = createHash('md5').update(trailer).digest();
    const encryption = password === undefined ? undefined : standardEncryption(password, id);
    const encrypt = encryption === undefined ? undefined : this.add(encryption.dictionary);
    const parts: Buffer[] = [Buffer.from('%PDF-1.7\n%\xE2\xE3\xCF\xD3\n', 'latin1')];
    const offsets: number[] = [];
    let length = parts[0]?.length ?? 0;
    const push = (part: Buffer): void => {
      parts.push(part);
      length += part.length;
    };
    for (const [index, object] of this.#objects.entries()) {
      offsets.push(length);
      const { value = 'null', stream } = object ?? {};
      const data =
        stream === undefined || encryption === undefined ? stream : encryption.encrypt(index + 1, stream);
      const head = data === undefined ? value : value.replace(/>>$/, `/Length ${data.length} >>`);
      push(Buffer.from(`${index + 1} 0 obj\n${head}\n`, 'latin1'));
      if (data !== undefined)
        push(Buffer.concat([Buffer.from('stream\n'), data, Buffer.from('\nendstream\n')]));
      push(Buffer.from('endobj\n'));
    }
    const start = length;
    const rows = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
    const hex = id.toString('hex');
    const extra = encrypt === undefined ? '' : ` /Encrypt ${encrypt} 0 R`;
    push(
      Buffer.from(
        `xref\n0 ${offsets.length + 1}\n0000000000 65535 f \n${rows}trailer\n<< /Size ${offsets.length + 1} ${trailer}${extra} /ID [<${hex}> <${hex}>] >>\nstartxref\n${start}\n%%EOF\n`,
        'latin1',
      ),
    );
    return Buffer.concat(parts);
  }
}

// PDF 32000-1:2008, 7.6.3: the padding of passwords, and permissions that deny nothing that matters here.
const PADDING = Buffer.from('28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A', 'hex');
const PERMISSIONS = -44;

interface Encryption {
  readonly dictionary: string;
  encrypt(object: number, data: Buffer): Buffer;
}

/** Algorithms 2, 3 and 5 of PDF 32000-1:2008 with a user password that is the owner's too. */
function standardEncryption(password: string, id: Buffer): Encryption {
  const padded = Buffer.concat([Buffer.from(password, 'latin1'), PADDING]).subarray(0, 32);
  const owner = cascade(repeatedMd5(padded), padded);
  const permissions = Buffer.alloc(4);
  permissions.writeInt32LE(PERMISSIONS);
  const key = repeatedMd5(Buffer.concat([padded, owner, permissions, id]));
  const user = cascade(key, createHash('md5').update(PADDING).update(id).digest());
  return {
    dictionary: `<< /Filter /Standard /V 2 /R 3 /Length 128 /P ${PERMISSIONS} /O <${owner.toString('hex')}> /U <${Buffer.concat([user, Buffer.alloc(16)]).toString('hex')}> >>`,
    encrypt(object, data) {
      const suffix = Buffer.from([object & 255, (object >> 8) & 255, (object >> 16) & 255, 0, 0]);
      return rc4(createHash('md5').update(key).update(suffix).digest(), data);
    },
  };
}

function repeatedMd5(data: Buffer): Buffer {
  let digest = createHash('md5').update(data).digest();
  for (let round = 0; round < 50; round += 1) digest = createHash('md5').update(digest).digest();
  return digest;
}

/** Twenty rounds of RC4 with the key changed by the round. */
function cascade(key: Buffer, data: Buffer): Buffer {
  let result = data;
  for (let round = 0; round < 20; round += 1)
    result = rc4(Buffer.from(key.map((byte) => byte ^ round)), result);
  return result;
}

function rc4(key: Buffer, data: Buffer): Buffer {
  const state = Uint8Array.from({ length: 256 }, (_, index) => index);
  const at = (index: number): number => state[index & 255] ?? 0;
  const swap = (a: number, b: number): void => {
    [state[a & 255], state[b & 255]] = [at(b), at(a)];
  };
  for (let i = 0, j = 0; i < 256; i += 1) {
    j = (j + at(i) + (key[i % key.length] ?? 0)) & 255;
    swap(i, j);
  }
  let i = 0;
  let j = 0;
  return Buffer.from(
    data.map((byte) => {
      i = (i + 1) & 255;
      j = (j + at(i)) & 255;
      swap(i, j);
      return byte ^ at(at(i) + at(j));
    }),
  );
}
