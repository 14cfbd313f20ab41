/** Bounds the bytes that are on their way at a time. One that is larger than the bound goes alone. */

/** A gate that lets so many bytes through at a time. */
export interface ByteGate {
  /** Resolves when there is room; first come, first served. */
  enter(bytes: number): Promise<void>;
  /** Gives the room back. */
  leave(bytes: number): void;
}

/** Makes a gate. */
export function byteGate(maxBytes: number): ByteGate {
  let inside = 0;
  const waiting: { readonly bytes: number; readonly go: () => void }[] = [];
  const admit = (): void => {
    for (;;) {
      const next = waiting[0];
      if (next === undefined || (inside > 0 && inside + next.bytes > maxBytes)) return;
      waiting.shift();
      inside += next.bytes;
      next.go();
    }
  };
  return {
    enter: async (bytes) =>
      await new Promise<void>((resolve) => {
        waiting.push({ bytes, go: resolve });
        admit();
      }),
    leave: (bytes) => {
      inside -= bytes;
      admit();
    },
  };
}
