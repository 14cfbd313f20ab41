import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { processUsage } from './process-usage.ts';

async function worker(mode: 'busy' | 'idle'): Promise<{ kill: () => void; childPid: number }> {
  const started = spawn(process.execPath, [join(import.meta.dirname, 'fixtures/fixture-worker.ts'), mode], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void started.kill('SIGKILL'));
  const [line] = (await once(started.stdout, 'data')) as [Buffer];
  return { kill: () => started.kill('SIGKILL'), childPid: Number(line.toString()) };
}

describe('a sandboxed process whose worker is killed', () => {
  it('ends while it waits for documents', async () => {
    const { kill, childPid } = await worker('idle');
    expect(existsSync(`/proc/${childPid}`)).toBe(true);
    kill();
    await expect.poll(() => existsSync(`/proc/${childPid}`), { timeout: 10_000 }).toBe(false);
  });

  // Its event loop never sees that stdin closed: the kernel ends it, by setpriv's parent-death signal.
  it.runIf(existsSync('/usr/bin/setpriv'))('ends in the middle of an endless loop', async () => {
    const { kill, childPid } = await worker('busy');
    await expect.poll(() => processUsage(childPid)?.cpuMs ?? 0, { timeout: 20_000 }).toBeGreaterThan(700);
    kill();
    await expect.poll(() => existsSync(`/proc/${childPid}`), { timeout: 10_000 }).toBe(false);
  });
});
