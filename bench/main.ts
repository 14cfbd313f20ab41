/** `pnpm bench <name> [options]`: every figure that the project claims is printed by one of these. */
import { fileURLToPath } from 'node:url';
import { readdir } from 'node:fs/promises';

const [name, ...args] = process.argv.slice(2);
const folder = fileURLToPath(new URL('.', import.meta.url));
const names = (await readdir(folder))
  .filter((file) => file.endsWith('.ts') && file !== 'main.ts')
  .map((file) => file.slice(0, -3));
if (name === undefined || !names.includes(name)) {
  console.error(`Usage: pnpm bench <name> [options]\nNames: ${names.join(', ')}`);
  process.exit(2);
}
const { run } = (await import(`./${name}.ts`)) as { run: (args: readonly string[]) => Promise<void> };
await run(args);
