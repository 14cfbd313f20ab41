/** A handler that never yields, as a parser or a loop over a large document does. */
import type { Client } from './client.ts';

/** Blocks the event loop. It sleeps rather than spins, so that it takes no processor from what is measured beside it. */
export async function blockLoop(client: Client, blockMs: number): Promise<void> {
  await client.tell('handling');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, blockMs);
  client.handled(0);
  await client.tell('handled');
}
