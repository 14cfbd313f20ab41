import { spawn } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { greedyPdf, slowPdf } from '../samples/hostile.ts';
import { until } from './stage.ts';

const MAIN = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url));
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SAMPLES = join(ROOT, 'examples', 'documents');

interface DemoLine {
  documents: number;
  extracted: number;
  indexed: number;
  failed: { file: string; code: string; reason: string }[];
  pages: number;
  seconds: number;
  lost: number;
  duplicates: number;
  peakWorkers: number;
}

let state: string;
beforeAll(async () => {
  state = await mkdtemp(join(tmpdir(), 'longshore-demo-'));
});
afterAll(() => rm(state, { recursive: true, force: true }));

function longshore(args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], LONGSHORE_STATE: state, ...env },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) =>
    child.once('close', (code) => resolve({ code, stdout, stderr })),
  );
  return { child, ended, output: () => stdout + stderr };
}

describe('the demo', () => {
  it(
    'brings every sample to an outcome, from no workers to several and back to none',
    { timeout: 120_000 },
    async () => {
      const { code, stdout, stderr } = await longshore(['demo', '--once', '--json']).ended;
      expect(code, stderr).toBe(0);
      const lines = stdout.trim().split('\n');
      expect(lines).toHaveLength(1);
      const line = JSON.parse(lines[0] ?? '') as DemoLine;
      const samples = (await readdir(SAMPLES)).filter((name) => name.endsWith('.pdf'));
      expect(samples.length).toBeGreaterThanOrEqual(12);
      expect(Object.keys(line)).toEqual([
        'documents',
        'extracted',
        'indexed',
        'failed',
        'pages',
        'seconds',
        'lost',
        'duplicates',
        'peakWorkers',
      ]);
      expect(line).toMatchObject({ documents: samples.length, lost: 0, duplicates: 0 });
      expect(line.extracted + line.failed.length).toBe(line.documents);
      expect(line.indexed).toBe(line.extracted);
      expect(line.failed.map(({ code: failure }) => failure).sort()).toEqual(['corrupt', 'encrypted']);
      for (const { reason } of line.failed) expect(reason.length).toBeGreaterThan(10);
      expect(line.peakWorkers).toBeGreaterThanOrEqual(2);
      expect(`${stdout}${stderr}`).not.toContain('\u001B');
    },
  );

  it('does no work twice when it runs again', { timeout: 60_000 }, async () => {
    const before = await readdir(join(state, 'objects'), { recursive: true });
    const { code, stdout } = await longshore(['demo', '--once', '--json']).ended;
    expect(code).toBe(0);
    expect(JSON.parse(stdout) as DemoLine).toMatchObject({ lost: 0, duplicates: 0, peakWorkers: 0 });
    expect(await readdir(join(state, 'objects'), { recursive: true })).toEqual(before);
  });

  it(
    'leaves texts that can be searched, accents or not, and dead letters with their reasons',
    { timeout: 60_000 },
    async () => {
      for (const query of ['élection', 'election', 'ÉLECTIONS']) {
        const { code, stdout } = await longshore(['search', query, '--json']).ended;
        expect(code).toBe(0);
        const { hits } = JSON.parse(stdout) as { hits: { snippet: { text: string; hit: boolean }[] }[] };
        expect(hits.length).toBeGreaterThan(0);
        expect(hits[0]?.snippet.some(({ hit }) => hit)).toBe(true);
      }
      const { stdout } = await longshore(['dlq', 'list', 'pdf-extraction', '--json']).ended;
      const letters = (JSON.parse(stdout) as { letters: { code: string }[] }).letters;
      expect(letters.map(({ code }) => code).sort()).toEqual(['corrupt', 'encrypted']);
    },
  );

  it(
    'refuses paths that do not exist and folders without PDFs, saying which',
    { timeout: 60_000 },
    async () => {
      const missing = await longshore(['demo', '/no/such/file.pdf', '--once']).ended;
      expect(missing.code).toBe(2);
      expect(missing.stderr).toContain('/no/such/file.pdf');
      const empty = await mkdtemp(join(tmpdir(), 'longshore-empty-'));
      const none = await longshore(['demo', empty, '--once']).ended;
      expect(none.code).toBe(2);
      expect(none.stderr).toContain(empty);
      await rm(empty, { recursive: true });
    },
  );

  it('buries hostile documents with their reasons while others go on', { timeout: 120_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'longshore-hostile-'));
    await writeFile(join(folder, 'slow.pdf'), slowPdf());
    await writeFile(join(folder, 'greedy.pdf'), greedyPdf());
    const env = {
      LONGSHORE_STATE: join(folder, 'state'),
      LONGSHORE_PDF_PAGE_SECONDS: '8',
      LONGSHORE_PDF_MEMORY_MIB: '400',
    };
    const { code, stdout, stderr } = await longshore(['demo', folder, SAMPLES, '--once', '--json'], env)
      .ended;
    expect(code, stderr).toBe(0);
    const line = JSON.parse(stdout) as DemoLine;
    expect(line).toMatchObject({ lost: 0, duplicates: 0 });
    expect(line.failed.map((failure) => failure.code).sort()).toEqual([
      'corrupt',
      'encrypted',
      'out_of_memory',
      'timed_out',
    ]);
    const list = await longshore(['dlq', 'list', 'pdf-extraction', '--json'], env).ended;
    expect(
      (JSON.parse(list.stdout) as { letters: { code: string }[] }).letters
        .map((letter) => letter.code)
        .sort(),
    ).toEqual(['corrupt', 'encrypted', 'out_of_memory', 'timed_out']);
    await rm(folder, { recursive: true });
  });

  it('drains at Ctrl-C, and the next run finishes what was left', { timeout: 120_000 }, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'longshore-many-'));
    const other = { LONGSHORE_STATE: join(folder, 'state') };
    const names = (await readdir(SAMPLES)).filter((name) => name.endsWith('.pdf'));
    // Trailing bytes make new documents of the same pages.
    for (let copy = 0; copy < 10; copy += 1) {
      for (const name of names) {
        const bytes = await readFile(join(SAMPLES, name));
        await writeFile(
          join(folder, `${copy}-${name}`),
          Buffer.concat([bytes, Buffer.from(`\n% copy ${copy}\n`)]),
        );
      }
    }
    const first = longshore(['demo', folder], other);
    await until('some documents are done', async () => /[1-9]\d* done/.test(first.output()), 60_000);
    first.child.kill('SIGINT');
    const { code, stderr } = await first.ended;
    expect(code, stderr).toBe(0);
    const second = await longshore(['demo', folder, '--once', '--json'], other).ended;
    expect(second.code, second.stderr).toBe(0);
    const line = JSON.parse(second.stdout) as DemoLine;
    expect(line).toMatchObject({ documents: names.length * 10, lost: 0, duplicates: 0 });
    expect(line.extracted + line.failed.length).toBe(line.documents);
    await rm(folder, { recursive: true });
  });
});
