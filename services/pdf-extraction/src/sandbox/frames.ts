/**
 * Frames on a pipe: kind, a small JSON part and a large binary part, cut by lengths, so that bytes and text pass as they
 * are.
 *
 * `u32 length of the rest | u8 kind | u32 length of the JSON | JSON | body`, big endian.
 */

/** A received frame in memory of its own. `json` is not checked. */
export interface Frame {
  readonly kind: number;
  readonly json: Buffer<ArrayBuffer>;
  readonly body: Buffer<ArrayBuffer>;
}

const LENGTH_BYTES = 4;
const KIND_BYTES = 1;
const HEADER_BYTES = LENGTH_BYTES + KIND_BYTES + LENGTH_BYTES;

/** A frame's bytes up to its body, which is to be written right after them. */
export function encodeFrame(kind: number, json: object, bodyBytes: number): Buffer {
  const text = Buffer.from(JSON.stringify(json));
  const header = Buffer.allocUnsafe(HEADER_BYTES);
  header.writeUInt32BE(KIND_BYTES + LENGTH_BYTES + text.length + bodyBytes, 0);
  header.writeUInt8(kind, LENGTH_BYTES);
  header.writeUInt32BE(text.length, LENGTH_BYTES + KIND_BYTES);
  return Buffer.concat([header, text]);
}

/** A frame above the reader's limit. */
export class FrameTooLargeError extends Error {
  override readonly name = 'FrameTooLargeError';
}

/** Cuts a byte stream into frames. Copies each byte once, into a buffer of the frame's own. */
export class FrameReader {
  readonly #maxBytes: number;
  readonly #onFrame: (frame: Frame) => void;
  readonly #length: Buffer<ArrayBuffer> = Buffer.alloc(LENGTH_BYTES);
  #target: Buffer<ArrayBuffer> = this.#length;
  #filled = 0;

  /** `maxBytes` is the largest frame accepted. */
  constructor(options: { readonly maxBytes: number; readonly onFrame: (frame: Frame) => void }) {
    this.#maxBytes = options.maxBytes;
    this.#onFrame = options.onFrame;
  }

  /** Takes the next bytes. @throws FrameTooLargeError, or Error for a malformed frame; the stream is then lost. */
  push(chunk: Uint8Array): void {
    let offset = 0;
    while (offset < chunk.length) {
      const part = chunk.subarray(offset, offset + this.#target.length - this.#filled);
      this.#target.set(part, this.#filled);
      this.#filled += part.length;
      offset += part.length;
      if (this.#filled === this.#target.length) this.#next();
    }
  }

  #next(): void {
    const complete = this.#target;
    this.#filled = 0;
    if (complete === this.#length) {
      const bytes = complete.readUInt32BE();
      if (bytes > this.#maxBytes)
        throw new FrameTooLargeError(`Frame of ${bytes} bytes, at most ${this.#maxBytes} are read`);
      if (bytes < KIND_BYTES + LENGTH_BYTES)
        throw new Error(`Frame of ${bytes} bytes, which is less than a header`);
      this.#target = Buffer.allocUnsafeSlow(bytes);
      return;
    }
    this.#target = this.#length;
    const jsonBytes = complete.readUInt32BE(KIND_BYTES);
    const body = KIND_BYTES + LENGTH_BYTES + jsonBytes;
    if (body > complete.length)
      throw new Error(`Frame of ${complete.length} bytes announces ${jsonBytes} bytes of JSON`);
    this.#onFrame({
      kind: complete.readUInt8(),
      json: complete.subarray(KIND_BYTES + LENGTH_BYTES, body),
      body: complete.subarray(body),
    });
  }
}
