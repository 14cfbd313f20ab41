import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readText } from '../read-object.ts';
import { fsObjectStore } from './fs-object-store.ts';

const PROCESSES = 4;
const WRITING = '.longshore-writing';

let root: string;
const children = new Set<ChildProcess>();

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'longshore-objects-'));
});

afterEach(async () => {
  await Promise.all([...children].map(kill));
  await rm(root, { recursive: true, force: true });
});

async function start(mode: string, id = ''): Promise<ChildProcess> {
  const child = fork(fileURLToPath(new URL('./writer.test.child.ts', import.meta.url)), [mode, root, id], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: [],
  });
  children.add(child);
  await once(child, 'message');
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  children.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

describe('an fs object store shared by processes', () => {
  it('lets one of several processes create a key, and keeps its body', async () => {
    const racers = await Promise.all(
      Array.from({ length: PROCESSES }, (_, index) => start('race', String(index))),
    );
    const store = fsObjectStore({ root });
    for (let round = 0; round < 30; round += 1) {
      const key = `race/${round}/claim`;
      const answers = racers.map((racer) => once(racer, 'message'));
      for (const racer of racers) racer.send(key);
      const outcomes = (await Promise.all(answers)).map(([answer]) => answer as { created: boolean });
      const winners = outcomes.flatMap(({ created }, index) => (created ? [String(index)] : []));
      expect(winners, key).toHaveLength(1);
      expect(await readText(store, key), key).toBe((winners[0] ?? '').repeat(50_000));
    }
  });

  it('never shows half an object, while writers replace it and are killed', async () => {
    const store = fsObjectStore({ root });
    await store.put('replaced', '0'.repeat(300_000));
    for (let round = 0; round < 8; round += 1) {
      const writer = await start('replace');
      for (let read = 0; read < 15; read += 1) {
        const text = (await readText(store, 'replaced')) ?? '';
        expect(text.length).toBe(300_000);
        expect(text).toBe(text.charAt(0).repeat(300_000));
      }
      await kill(writer);
    }
  });

  it('shows nothing of a write whose process was killed, and removes its file once it is stale', async () => {
    const alive = await start('stall');
    await kill(await start('stall'));
    const store = fsObjectStore({ root });
    expect(await store.get('stalled/object')).toBeUndefined();
    expect(await Array.fromAsync(store.list(''))).toEqual([]);
    const files = await readdir(join(root, WRITING));
    expect(files).toHaveLength(2);

    await store.put('other', 'x');
    expect(await readdir(join(root, WRITING))).toHaveLength(2);
    const twoHoursAgo = new Date(Date.now() - 7_200_000);
    await utimes(join(root, WRITING, files[0] ?? ''), twoHoursAgo, twoHoursAgo);
    await fsObjectStore({ root }).put('other', 'y');
    expect(await readdir(join(root, WRITING))).toEqual([files[1]]);
    await kill(alive);
  });
});
