/** Tests that need Docker, apart from those that every machine runs: `pnpm test:moto`, `pnpm test:docker`. */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: fileURLToPath(new URL('../..', import.meta.url)),
    include: ['test/drivers/*-suite.ts'],
    // moto answers about sixty calls a second; containers start at a few a second.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    allowOnly: false,
  },
});
