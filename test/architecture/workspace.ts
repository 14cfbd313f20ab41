/** Reads the repository for the architecture rules: packages, manifests, sources. Build output and dependencies are left out. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listFiles } from '../check/list-files.ts';
import { scanSource, type Source } from './source.ts';

/** What the rules read of a `package.json`. */
export interface Manifest {
  readonly name: string;
  readonly version?: string;
  readonly private?: boolean;
  readonly description?: string;
  readonly license?: string;
  readonly type?: string;
  readonly exports?: Readonly<Record<string, string>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly files?: readonly string[];
  readonly publishConfig?: {
    readonly exports?: Readonly<Record<string, Readonly<Record<string, string>>>>;
    readonly bin?: Readonly<Record<string, string>>;
  };
  readonly repository?: { readonly directory?: string };
  readonly engines?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

/** One package of the workspace. */
export interface Package {
  /** From the root, for instance `packages/job`. */
  readonly folder: string;
  readonly manifest: Manifest;
  readonly sources: readonly Source[];
  /** All files below the folder, from the root. */
  readonly files: readonly string[];
}

/** The repository as the rules see it. */
export interface Workspace {
  readonly root: string;
  readonly manifest: Manifest;
  readonly packages: readonly Package[];
  /** Every source file, those outside packages included. */
  readonly sources: readonly Source[];
  /** Every file, from the root. */
  readonly files: readonly string[];
}

/** Folders whose children may be packages, as in `pnpm-workspace.yaml`. */
const PACKAGE_FOLDERS = /^(?:packages|services|examples)\/[^/]+\/package\.json$/;

/** Reads a whole repository; throws when a manifest or a source file cannot be parsed. */
export function readWorkspace(root: string): Workspace {
  const files = listFiles(root);
  const sources = files
    .filter((file) => /\.(?:ts|mts|mjs|js)$/.test(file))
    .map((file) => scanSource(file, readFileSync(join(root, file), 'utf8')));
  const packages = files
    .filter((file) => PACKAGE_FOLDERS.test(file))
    .map((file) => readPackage(root, file.slice(0, -'/package.json'.length), files, sources));
  return { root, manifest: readManifest(join(root, 'package.json')), packages, sources, files };
}

function readPackage(
  root: string,
  folder: string,
  files: readonly string[],
  sources: readonly Source[],
): Package {
  const isInside = (path: string): boolean => path.startsWith(`${folder}/`);
  return {
    folder,
    manifest: readManifest(join(root, folder, 'package.json')),
    sources: sources.filter(({ path }) => isInside(path)),
    files: files.filter(isInside),
  };
}

function readManifest(path: string): Manifest {
  return JSON.parse(readFileSync(path, 'utf8')) as Manifest;
}
