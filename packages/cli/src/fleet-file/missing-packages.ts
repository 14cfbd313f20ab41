/** Which packages new files import that their project does not name yet. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseJson } from '@longshore/job';

/** Names of packages, sorted; none when the project has no readable manifest, as folders without one take what is above. */
export async function missingPackages(folder: string, texts: readonly string[]): Promise<readonly string[]> {
  const json = parseJson(await readFile(join(folder, 'package.json'), 'utf8').catch(() => ''));
  if (!json.ok || typeof json.value !== 'object' || json.value === null) return [];
  const manifest = json.value as Readonly<Record<string, object | undefined>>;
  const named = Object.keys({ ...manifest['dependencies'], ...manifest['devDependencies'] });
  const imported = texts.flatMap((text) => [...text.matchAll(/ from '((?:@[^/']+\/)?[^./@'][^/']*)/g)]);
  const names = new Set(imported.map(([, name = '']) => name));
  return [...names].filter((name) => !named.includes(name)).toSorted();
}
