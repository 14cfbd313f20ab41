/** Length-prefixed frames on a byte stream: four bytes of length (big endian), then that many bytes. */

/** Frames larger than this are a fault of the sender. */
const MAX_FRAME_BYTES = 256 * 1_048_576;
const PREFIX_BYTES = 4;

/** A frame's prefix, to be written before its bytes. */
export function framePrefix(bytes: number): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(bytes);
  return prefix;
}

/** Cuts a stream's chunks into frames. Throws when a frame is larger than `maxBytes`. */
export function frameReader(
  onFrame: (frame: Buffer) => void,
  maxBytes: number = MAX_FRAME_BYTES,
): (chunk: Buffer) => void {
  let chunks: Buffer[] = [];
  let buffered = 0;
  let wanted = -1;
  const take = (bytes: number): Buffer => {
    const all = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
    chunks = all.length > bytes ? [all.subarray(bytes)] : [];
    buffered -= bytes;
    return all.subarray(0, bytes);
  };
  return (chunk) => {
    chunks.push(chunk);
    buffered += chunk.length;
    for (;;) {
      if (wanted < 0 && buffered >= PREFIX_BYTES) {
        wanted = take(PREFIX_BYTES).readUInt32BE();
        if (wanted > maxBytes) throw new Error(`A frame of ${wanted} bytes, at most ${maxBytes} are read`);
      }
      if (wanted < 0 || buffered < wanted) return;
      const frame = take(wanted);
      wanted = -1;
      onFrame(frame);
    }
  };
}
