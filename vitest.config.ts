import { existsSync, globSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { configDefaults, defineConfig } from 'vitest/config';

/** Drivers whose servers a machine may not have. CI has all of them, and leaves nothing out. */
const SERVERS = [
  {
    name: 'Redis (Debian: apt-get install redis-server)',
    isThere: isOnPath('redis-server'),
    tests: [
      'packages/queue/src/bullmq/**/*.test.ts',
      'packages/once/src/redis/**/*.test.ts',
      'packages/once/src/once-processes.test.ts',
      'test/end-to-end/launch-redis.test.ts',
      'test/moving-in/bullmq-processor.test.ts',
      'test/leases/**/*.test.ts',
    ],
  },
  {
    name: 'PostgreSQL (Debian: apt-get install postgresql)',
    isThere: isOnPath('postgres') || globSync('/usr/lib/postgresql/*/bin/postgres').length > 0,
    tests: [
      'packages/once/src/postgres/**/*.test.ts',
      'packages/once/src/once-processes.test.ts',
      'packages/ledger/src/postgres/**/*.test.ts',
      'packages/search/src/postgres/**/*.test.ts',
      'services/delivery/src/postgres/**/*.test.ts',
      'services/delivery/src/hostile.test.ts',
      'services/dashboard-sync/src/store/postgres-dashboard-store.test.ts',
      'test/end-to-end/dashboards.test.ts',
      'test/end-to-end/document-fleet.test.ts',
      'test/leases/**/*.test.ts',
    ],
  },
  {
    name: 'tesseract (Debian: apt-get install tesseract-ocr tesseract-ocr-fra tesseract-ocr-eng)',
    isThere: isOnPath('tesseract'),
    tests: [
      'services/pdf-extraction/src/ocr/tesseract.test.ts',
      'services/pdf-extraction/src/ocr/extract-scans.test.ts',
    ],
  },
];

const missing = process.env['CI'] === 'true' ? [] : SERVERS.filter(({ isThere }) => !isThere);
for (const { name } of missing) process.stderr.write(`Not tested here, since it is not installed: ${name}\n`);

function isOnPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, program)));
}

export default defineConfig({
  test: {
    // `vitest run` in any folder of the repository runs the same tests.
    root: fileURLToPath(new URL('.', import.meta.url)),
    include: [
      'packages/*/src/**/*.test.ts',
      'services/*/src/**/*.test.ts',
      'examples/**/*.test.ts',
      'test/**/*.test.ts',
    ],
    exclude: [...configDefaults.exclude, ...missing.flatMap(({ tests }) => tests)],
    // Real processes and a real SQS endpoint share the machine with the tests: patience, and few workers at a time.
    testTimeout: 30_000,
    hookTimeout: 30_000,
    maxWorkers: 2,
    // A test that hangs on to a process or a socket must not keep the run alive.
    teardownTimeout: 10_000,
    // Only a test that was meant for one machine says `.only`; here it would hide all others.
    allowOnly: false,
  },
});
