/**
 * `pnpm test:drivers`: the queue's conformance suite on every driver, with what each one passes and skips. Needs Redis
 * (Debian: apt-get install redis-server). Exit code 1 when anything fails or a driver has no suite.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { countDrivers, type ReportedFile } from './count-drivers.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const VITEST = join(ROOT, 'node_modules/vitest/vitest.mjs');
const FOLDERS = ['sqs', 'bullmq', 'memory'].map((driver) => `packages/queue/src/${driver}/`);

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
const folder = await mkdtemp(join(tmpdir(), 'longshore-drivers-'));
try {
  const output = join(folder, 'report.json');
  const reporters = values.json ? ['--reporter=json'] : ['--reporter=tree', '--reporter=json'];
  const run = spawn(
    process.execPath,
    [VITEST, 'run', ...FOLDERS, ...reporters, `--outputFile.json=${output}`],
    {
      cwd: ROOT,
      // What is missing shall fail here, not be left out.
      env: { ...process.env, CI: 'true' },
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
  await once(run, 'exit');
  const { testResults } = JSON.parse(await readFile(output, 'utf8')) as { testResults: ReportedFile[] };
  const { drivers, failed, faults } = countDrivers(testResults);
  for (const fault of faults) console.error(fault);
  if (!values.json) console.table(drivers);
  console.log(JSON.stringify({ drivers, failed }));
  process.exitCode = faults.length === 0 ? 0 : 1;
} finally {
  await rm(folder, { recursive: true });
}
