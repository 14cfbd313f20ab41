import { readFileSync, readdirSync } from 'node:fs';
import { createExtractor, type Extraction } from '@longshore/service-pdf-extraction';
import { describe, expect, it } from 'vitest';
import { greedyPdf, slowPdf } from '../samples/hostile.ts';
import { samples } from '../samples/make-samples.ts';
import { until } from './stage.ts';

const MIB = 1_048_576;
const good = samples().get('en-dickens-two-cities.pdf') ?? Buffer.of();

function outcome(extraction: Extraction): string {
  return extraction.kind === 'ok' ? 'ok' : extraction.code;
}

/** Sandboxes of this process, by what they run. */
function sandboxes(): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      try {
        const [, parent] = /\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
        return (
          Number(parent) === process.pid &&
          readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('--permission')
        );
      } catch {
        return false;
      }
    });
}

/** Processor time of a process, in hundredths of a second. */
function cpuTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13);
  return Number(user) + Number(system);
}

describe('a hostile document', () => {
  it(
    'that takes too long, or too much memory, ends with its reason while its neighbours go on',
    { timeout: 90_000 },
    async () => {
      await using extractor = createExtractor({
        children: 2,
        limits: { pageMs: 8_000, memoryBytes: 400 * MIB },
      });
      const results = await Promise.all([
        extractor.extract(slowPdf()),
        ...Array.from({ length: 5 }, () => extractor.extract(good)),
        extractor.extract(greedyPdf()),
        ...Array.from({ length: 5 }, () => extractor.extract(good)),
      ]);
      expect(results.map(outcome)).toEqual([
        'timed_out',
        'ok',
        'ok',
        'ok',
        'ok',
        'ok',
        'out_of_memory',
        'ok',
        'ok',
        'ok',
        'ok',
        'ok',
      ]);
      const reasons = results.flatMap((result) => (result.kind === 'failed' ? [result.reason] : []));
      expect(reasons).toEqual([
        expect.stringContaining('No page within 8 s'),
        expect.stringContaining('more than 400 MiB'),
      ]);
    },
  );

  it('that crashes the engine costs its own process only', { timeout: 60_000 }, async () => {
    await using extractor = createExtractor({ children: 1 });
    const crashing = extractor.extract(slowPdf());
    await until('the sandbox runs', () => Promise.resolve(sandboxes().length > 0));
    const [victim = 0] = sandboxes();
    process.kill(victim, 'SIGSEGV');
    const crashed = await crashing;
    expect(outcome(crashed)).toBe('engine_crashed');
    expect(crashed.kind === 'failed' && crashed.reason).toContain('SIGSEGV');
    expect(outcome(await extractor.extract(good))).toBe('ok');
  });

  it('is given up when the job is cancelled', { timeout: 60_000 }, async () => {
    await using extractor = createExtractor({ children: 1 });
    await extractor.warmUp();
    const [pid = 0] = sandboxes();
    const before = cpuTicks(pid);
    const controller = new AbortController();
    const extraction = extractor.extract(slowPdf(), { signal: controller.signal });
    await until('the sandbox works on it', () => Promise.resolve(cpuTicks(pid) > before + 20));
    controller.abort();
    expect(outcome(await extraction)).toBe('aborted');
    await until('the sandbox is gone', () => Promise.resolve(!sandboxes().includes(pid)));
  });

  it('runs without the secrets, files and rights of its worker', async () => {
    await using extractor = createExtractor({ children: 1 });
    await extractor.extract(good);
    const [pid = 0] = sandboxes();
    expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toMatch(/AWS_|PATH=|HOME=/);
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    expect(command).toContain('--permission');
    const rights = command.filter((argument) => argument.startsWith('--allow-'));
    expect(rights.every((right) => right.startsWith('--allow-fs-read='))).toBe(true);
    expect(rights.some((right) => /=\/(proc)?\/?$|=\*$/.test(right))).toBe(false);
  });
});
