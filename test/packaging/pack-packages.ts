/** Makes the tarballs that a release would publish, and reads what is in them. */
import { mkdir, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRun, pnpmCommand, ROOT } from '../check/run-program.ts';

/** A packed package. */
export interface PackedPackage {
  readonly name: string;
  /** From the root, for instance `packages/job`. */
  readonly folder: string;
  /** Absolute. */
  readonly tarball: string;
  /** Where the tarball's content lies, absolute. */
  readonly unpacked: string;
  readonly manifest: PackedManifest;
}

/** The manifest as npm would see it. */
export interface PackedManifest {
  readonly name: string;
  readonly version: string;
  /** A door without conditions is one that `publishConfig` forgot. */
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** Packs every folder of `packages/` into `destination`. The packages must be built. */
export async function packPackages(destination: string): Promise<readonly PackedPackage[]> {
  await mkdir(destination, { recursive: true });
  await mustRun(
    pnpmCommand('--recursive', '--filter', './packages/*', 'pack', '--pack-destination', destination),
  );
  const folders = (await readdir(join(ROOT, 'packages'))).toSorted();
  return Promise.all(folders.map((folder) => unpack(`packages/${folder}`, destination)));
}

async function unpack(folder: string, destination: string): Promise<PackedPackage> {
  const { name, version } = await readJsonFile<PackedManifest>(join(ROOT, folder, 'package.json'));
  const stem = `${name.replace(/^@/, '').replace('/', '-')}-${version}`;
  const tarball = join(destination, `${stem}.tgz`);
  const unpacked = join(destination, stem);
  await mkdir(unpacked);
  await mustRun(['tar', '-xzf', tarball, '-C', unpacked, '--strip-components=1']);
  const manifest = await readJsonFile<PackedManifest>(join(unpacked, 'package.json'));
  return { name, folder, tarball, unpacked, manifest };
}

async function readJsonFile<Content>(path: string): Promise<Content> {
  return JSON.parse(await readFile(path, 'utf8')) as Content;
}
