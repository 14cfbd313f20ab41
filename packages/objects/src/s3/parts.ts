/** A body as parts of one size. */

/** A piece of a body. All but the last have exactly the size asked for. */
export interface Part {
  readonly bytes: Uint8Array;
  readonly isLast: boolean;
}

/** Cuts a body into parts. There is always a last part; it is empty only when the body is. */
export async function* partsOf(
  chunks: AsyncIterable<Uint8Array>,
  partBytes: number,
): AsyncGenerator<Part, void, undefined> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  for await (const chunk of chunks) {
    let rest = chunk;
    // Only what exceeds a part shows that it is not the last.
    while (heldBytes + rest.byteLength > partBytes) {
      const taken = partBytes - heldBytes;
      yield { bytes: joined([...held, rest.subarray(0, taken)]), isLast: false };
      rest = rest.subarray(taken);
      held = [];
      heldBytes = 0;
    }
    held.push(rest);
    heldBytes += rest.byteLength;
  }
  yield { bytes: joined(held), isLast: true };
}

/** One array without a copy: a body given as bytes is sent from where it lies. */
function joined(arrays: readonly Uint8Array[]): Uint8Array {
  const filled = arrays.filter((array) => array.byteLength > 0);
  return filled.length === 1 && filled[0] !== undefined ? filled[0] : Buffer.concat(filled);
}
