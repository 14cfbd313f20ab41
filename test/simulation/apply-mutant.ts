/** Plants a fault: its file is changed as it is loaded, in this thread only. */
import { readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import type { Mutant } from './mutants.ts';

const ROOT = new URL('../../', import.meta.url);

/** Why a mutant cannot be planted, or `undefined`. */
export function mutantFault({ name, file, find }: Mutant): string | undefined {
  const times = readFileSync(fileURLToPath(new URL(file, ROOT)), 'utf8').split(find).length - 1;
  if (times === 1) return undefined;
  return `Cannot plant mutant "${name}": its text occurs ${times} times in ${file}, expected once; aim it anew in test/simulation/mutants.ts`;
}

/** Plants a mutant for everything that this thread imports from now on. */
export function applyMutant({ file, find, replace }: Mutant): void {
  const target = new URL(file, ROOT).href;
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (url !== target || loaded.source === undefined || loaded.source === null) return loaded;
      const text =
        typeof loaded.source === 'string' ? loaded.source : new TextDecoder().decode(loaded.source);
      return { ...loaded, source: text.replace(find, () => replace) };
    },
  });
}
