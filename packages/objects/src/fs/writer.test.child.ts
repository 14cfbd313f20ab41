/** A process that writes to a store, for the tests that need several or kill one. */
import { once } from 'node:events';
import { fsObjectStore } from './fs-object-store.ts';

const [mode = '', root = '', id = ''] = process.argv.slice(2);
const store = fsObjectStore({ root, durable: false });

/** Creates each key that the parent names, as soon as it does, and says which it won. */
async function race(): Promise<void> {
  process.send?.('ready');
  for (;;) {
    const [key] = (await once(process, 'message')) as [string];
    const { created } = await store.create(key, id.repeat(50_000));
    process.send?.({ key, created });
  }
}

/** Replaces one object for ever. */
async function replace(): Promise<void> {
  for (let round = 0; ; round += 1) {
    await store.put('replaced', String(round % 10).repeat(300_000));
    if (round === 0) process.send?.('ready');
  }
}

/** Writes most of an object, and stalls. */
async function stall(): Promise<void> {
  async function* body(): AsyncGenerator<Uint8Array> {
    yield Buffer.alloc(1_000_000, 'x');
    yield Buffer.alloc(1_000_000, 'x');
    process.send?.('ready');
    await once(process, 'message');
  }
  await store.put('stalled/object', body());
}

process.once('disconnect', () => process.exit());
const modes: Readonly<Record<string, () => Promise<void>>> = { race, replace, stall };
await modes[mode]?.();
