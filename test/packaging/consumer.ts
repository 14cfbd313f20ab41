/**
 * A project that uses the packed packages: real copies under `node_modules`, where Node.js refuses to run TypeScript. Each
 * package finds the dependencies that its manifest names and no others, so that nothing works by hoisting.
 */
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ROOT } from '../check/run-program.ts';
import type { PackedPackage } from './pack-packages.ts';

/** Makes the project in `folder`, which must not exist. `peers` says whether optional peers are installed, too. */
export async function linkConsumer(
  folder: string,
  packages: readonly PackedPackage[],
  { peers }: { readonly peers: boolean },
): Promise<void> {
  await mkdir(folder);
  await writeFile(join(folder, 'package.json'), '{ "name": "consumer", "private": true, "type": "module" }');
  await linkPackages(folder, packages, { peers });
}

/** Puts the packages into a project that is there. */
export async function linkPackages(
  folder: string,
  packages: readonly PackedPackage[],
  { peers }: { readonly peers: boolean },
): Promise<void> {
  for (const packed of packages) {
    const home = join(folder, 'node_modules', packed.name);
    await cp(packed.unpacked, home, { recursive: true });
    const names = Object.keys({
      ...packed.manifest.dependencies,
      ...(peers ? packed.manifest.peerDependencies : {}),
    });
    for (const name of names.filter((each) => !packages.some((ours) => ours.name === each))) {
      await link(installedPath(packed.folder, name), join(home, 'node_modules', name));
    }
  }
}

/** Puts tools and libraries of this repository's root into a project. */
export async function linkTools(folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) await link(installedPath('.', name), join(folder, 'node_modules', name));
}

/** Where a dependency of a package lies in this repository; the tools of all tests lie in the root. */
function installedPath(folder: string, name: string): string {
  return join(ROOT, folder, 'node_modules', name);
}

async function link(target: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await symlink(target, path, 'junction');
}
