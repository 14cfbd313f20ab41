import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeLedger } from '../conformance/index.ts';
import { SQLITE_STEPS, openDatabase } from './schema.ts';
import { sqliteLedger } from './sqlite-ledger.ts';

describeLedger({
  name: 'sqlite',
  open: async (options) => {
    const folder = await mkdtemp(join(tmpdir(), 'longshore-ledger-'));
    const path = join(folder, 'deep', 'ledger.db');
    return {
      ledger: sqliteLedger({ path, ...options }),
      reopen: async () => sqliteLedger({ path, ...options }),
      close: async () => await rm(folder, { recursive: true, force: true }),
    };
  },
});

const ALWAYS = { fromMs: 0, toMs: 1e15 };
const children = new Set<ChildProcess>();
let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'longshore-ledger-'));
  path = join(folder, 'ledger.db');
});

afterEach(async () => {
  await Promise.all([...children].map(kill));
  await rm(folder, { recursive: true, force: true });
});

async function kill(child: ChildProcess): Promise<void> {
  children.delete(child);
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

describe('processes that share a file', () => {
  it('lose nothing that was answered and count nothing twice when they are killed', async () => {
    const entry = fileURLToPath(new URL('./fixtures/writer-entry.ts', import.meta.url));
    const answered = new Map<ChildProcess, number>();
    const start = (worker: string): ChildProcess => {
      const child = fork(entry, [path, worker], {
        execArgv: [],
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      });
      children.add(child);
      child.on('message', (batch) => answered.set(child, Number(batch)));
      return child;
    };
    const writers = ['a', 'b', 'c'].map(start);
    const reaches = async (child: ChildProcess, batch: number): Promise<void> => {
      while ((answered.get(child) ?? 0) < batch) await once(child, 'message');
    };
    for (const [index, child] of writers.entries()) {
      await Promise.all([...children].map(async (each) => await reaches(each, 20 * (index + 1))));
      await kill(child);
    }
    await using ledger = sqliteLedger({ path });
    const { jobs, workers } = await ledger.summary(ALWAYS);
    const least = [...answered.values()].reduce((sum, batches) => sum + batches * 10, 0);
    const count = jobs[0]?.outcomes.completed ?? 0;
    expect(workers).toHaveLength(3);
    // A batch may have been written by a process that did not live to hear of it.
    expect(count).toBeGreaterThanOrEqual(least);
    expect(count).toBeLessThanOrEqual(least + 3 * 10 * 2);
    expect(count % 10).toBe(0);
    expect(jobs[0]?.ran.count).toBe(count);
    const arrivals = await ledger.arrivals(ALWAYS);
    expect(arrivals.reduce((sum, { settled }) => sum + settled, 0)).toBe(count);
    expect(new DatabaseSync(path).prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
  });

  it('make its tables once when they start together', async () => {
    const ledgers = Array.from({ length: 6 }, () => sqliteLedger({ path }));
    const found = await Promise.all(ledgers.map(async (ledger) => await ledger.arrivals(ALWAYS)));
    expect(found).toEqual(ledgers.map(() => []));
    await Promise.all(ledgers.map(async (ledger) => await ledger.close()));
  });
});

describe('a file', () => {
  it('goes forward step by step, and keeps what it holds', async () => {
    const first = openDatabase({ path, readOnly: false });
    first.exec("INSERT INTO longshore_arrivals VALUES (1, 's', 'j', 1, 2)");
    first.close();
    const steps = [
      ...SQLITE_STEPS,
      'ALTER TABLE longshore_arrivals ADD COLUMN later INTEGER NOT NULL DEFAULT 7',
    ];
    const second = openDatabase({ path, readOnly: false, steps });
    expect(second.prepare('SELECT sent, later FROM longshore_arrivals').get()).toEqual({ sent: 1, later: 7 });
    second.close();
    await using older = sqliteLedger({ path });
    await expect(older.arrivals(ALWAYS)).rejects.toMatchObject({
      code: 'ledger_incompatible',
      retryable: false,
      message: expect.stringContaining('use a newer program') as string,
    });
  });

  it('of something else is refused and left alone', async () => {
    await writeFile(path, 'These are the accounts of 1998, and no database at all.'.repeat(50));
    await using text = sqliteLedger({ path });
    await expect(text.arrivals(ALWAYS)).rejects.toMatchObject({ code: 'ledger_incompatible' });
    const other = join(folder, 'other.db');
    const database = new DatabaseSync(other);
    database.exec('CREATE TABLE customers (name TEXT)');
    database.close();
    await using foreign = sqliteLedger({ path: other });
    await expect(foreign.arrivals(ALWAYS)).rejects.toMatchObject({
      code: 'ledger_incompatible',
      message: expect.stringContaining('something else') as string,
    });
    expect(await readFile(path, 'utf8')).toContain('accounts of 1998');
    const after = new DatabaseSync(other);
    expect(after.prepare('SELECT name FROM sqlite_schema').all()).toEqual([{ name: 'customers' }]);
    after.close();
  });

  it('that cannot be opened says so, and is opened once it can', async () => {
    await writeFile(join(folder, 'blocked'), '');
    await using ledger = sqliteLedger({ path: join(folder, 'blocked', 'ledger.db') });
    await expect(ledger.arrivals(ALWAYS)).rejects.toMatchObject({
      code: 'ledger_unavailable',
      retryable: true,
    });
    await rm(join(folder, 'blocked'));
    expect(await ledger.arrivals(ALWAYS)).toEqual([]);
  });

  it('opened for reading is not created, not written, and read beside its writer', async () => {
    await using reader = sqliteLedger({ path, readOnly: true });
    await expect(reader.arrivals(ALWAYS)).rejects.toMatchObject({ code: 'ledger_unavailable' });
    await using writer = sqliteLedger({ path });
    const scaling = { service: 'mail', atMs: 1, desired: 1, isChange: true, reason: '', record: {} };
    await writer.appendScaling([scaling]);
    expect(await reader.scaling(ALWAYS)).toEqual([scaling]);
    await expect(reader.appendScaling([{ ...scaling, atMs: 2 }])).rejects.toMatchObject({
      code: 'ledger_unavailable',
    });
  });
});
