/** What is wrong with the content of a tarball that neither publint nor attw looks at. */
import { readFile, readdir } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import { ROOT } from '../check/run-program.ts';
import type { PackedPackage } from './pack-packages.ts';

/** Faults, one line each; empty for a sound package. */
export async function contentFaults(packed: PackedPackage): Promise<string[]> {
  const files = await filesOf(packed.unpacked);
  const texts = await Promise.all(
    files
      .filter((file) => file.endsWith('.js'))
      .map(async (file) => [file, await readFile(join(packed.unpacked, file), 'utf8')] as const),
  );
  return [
    ...['package.json', 'README.md', 'LICENSE']
      .filter((name) => !files.includes(name))
      .map((name) => `has no ${name}`),
    ...files
      .filter((file) => /\.test\.|\/fixtures\/|tsbuildinfo/.test(file))
      .map((file) => `ships ${file}, which only tests need`),
    ...files
      .filter((file) => isStale(packed.folder, file))
      .map((file) => `ships ${file}, whose source is gone: remove ${packed.folder}/dist and build again`),
    ...texts.flatMap(([file, text]) => missingFiles(file, text, files)),
    ...manifestFaults(packed),
  ];
}

/** A module of `dist/` without its source in `src/`. */
function isStale(folder: string, file: string): boolean {
  if (!/^dist\/.*\.js$/.test(file)) return false;
  return !existsSync(join(ROOT, folder, file.replace(/^dist\//, 'src/').replace(/\.js$/, '.ts')));
}

/** Files that a module names by URL or by a relative import, as threads and child processes are started. */
function missingFiles(file: string, text: string, files: readonly string[]): string[] {
  const named = [
    ...text.matchAll(/new URL\(\s*['"`](\.{1,2}\/[^'"`]+)['"`]\s*,\s*import\.meta\.url/g),
    ...text.matchAll(/\bfrom\s+['"](\.{1,2}\/[^'"]+)['"]/g),
    ...text.matchAll(/\bimport\(\s*['"](\.{1,2}\/[^'"]+)['"]/g),
  ];
  return named
    .map(([, path = '']) =>
      posix.join(posix.dirname(file), path.replaceAll(/\$\{\w*[eE]xtension\w*\}/g, 'js')),
    )
    .filter(
      (path) =>
        !files.includes(path) &&
        !files.some((each) => each.startsWith(path.endsWith('/') ? path : `${path}/`)),
    )
    .map((path) => `ships ${file}, which needs ${path}, which is not shipped`);
}

function manifestFaults({ manifest }: PackedPackage): string[] {
  const ranges = Object.entries({ ...manifest.dependencies, ...manifest.peerDependencies });
  const targets = Object.values(manifest.exports).flatMap((door) =>
    typeof door === 'string' ? [door] : Object.values(door),
  );
  return [
    ...ranges
      .filter(([, range]) => range.startsWith('workspace:'))
      .map(([name, range]) => `asks for ${name}@${range}, which only a workspace has`),
    ...[...targets, ...Object.values(manifest.bin ?? {})]
      .filter((path) => !path.startsWith('./dist/'))
      .map((path) => `leads to ${path}, which is no build output`),
  ];
}

async function filesOf(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      posix.join(entry.parentPath.slice(folder.length).replaceAll('\\', '/'), entry.name).replace(/^\//, ''),
    )
    .toSorted();
}
