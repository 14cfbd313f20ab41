import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

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
