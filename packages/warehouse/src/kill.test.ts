import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DocumentEvent } from './document-event.ts';
import { startPostgres, type PostgresServer } from './fixtures/postgres-server.ts';
import { sampleEvent } from './fixtures/sample-event.ts';
import { migrateWarehouse } from './migrations.ts';

const WRITER = fileURLToPath(new URL('./writer.test.child.ts', import.meta.url));

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
}, 60_000);
afterAll(() => server.stop());

describe('writers that are killed', () => {
  it('lose nothing and repeat nothing, two at a time, in the middle of a batch, when others take over', async () => {
    const pool = await server.database();
    await migrateWarehouse(pool);
    const events = Array.from({ length: 1_200 }, (_, n) =>
      sampleEvent(n % 400, { revision: 1 + Math.floor(n / 400) }),
    );
    let acknowledged = 0;
    for (const seed of [3, 60, 250]) {
      const writers = [events, events.toReversed()].map((each) => killAfter(pool.url, each, seed));
      const said = (await Promise.all(writers)).flat();
      acknowledged += said.length;
      const { rows } = await pool.query<{ pair: string }>(
        `SELECT document_id || ':' || revision AS pair FROM bi.fact_document_event`,
      );
      const there = new Set(rows.map(({ pair }) => pair));
      expect(said.filter((pair) => !there.has(pair))).toEqual([]);
    }
    expect(acknowledged).toBeGreaterThan(0);
    const said = await Promise.all([killAfter(pool.url, events), killAfter(pool.url, events)]);
    expect(said.map((each) => each.length)).toEqual([1_200, 1_200]);
    const { rows } = await pool.query(
      `SELECT count(*)::int AS events, count(DISTINCT load_id)::int AS loads, count(DISTINCT (document_id, revision))::int AS pairs,
        (SELECT min(revision) FROM bi.fact_document) AS least FROM bi.fact_document_event`,
    );
    expect(rows).toEqual([{ events: 1_200, loads: 1_200, pairs: 1_200, least: 3 }]);
    await pool.end();
  }, 60_000);
});

/** Runs a writer, kills it once it has acknowledged so many, and resolves with all that it acknowledged. */
async function killAfter(
  url: string,
  events: readonly DocumentEvent[],
  count?: number,
): Promise<readonly string[]> {
  const child = spawn(process.execPath, [WRITER, url], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.on('error', () => undefined).end(JSON.stringify(events));
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
    if (count !== undefined && text.split('\n').length > count) child.kill('SIGKILL');
  });
  await once(child, 'close');
  return text.split('\n').filter((line) => /^[0-9a-f]{64}:\d+$/.test(line));
}
