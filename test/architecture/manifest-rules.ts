/** Rules on `package.json`, `tsconfig.json` and the files that every package has. Each returns its offences. */
import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { driverOf, isPackageSpecifier, isTest, splitSpecifier } from './roles.ts';
import type { Source } from './source.ts';
import type { Manifest, Package, Workspace } from './workspace.ts';

/** What a package's code imports is what its manifest names: nothing hoisted by luck, nothing left over. */
export function undeclaredDependencies(workspace: Workspace): string[] {
  const byPackage = workspace.packages.flatMap((each) =>
    undeclared(workspace, each.manifest, each.folder, each.sources),
  );
  const loose = workspace.sources.filter(
    ({ path }) => !workspace.packages.some(({ folder }) => path.startsWith(`${folder}/`)),
  );
  return [...byPackage, ...undeclared(workspace, workspace.manifest, '.', loose)];
}

/** Who chooses a driver brings its optional peers: nobody else knows that they are needed. */
export function missingPeers(workspace: Workspace): string[] {
  return workspace.packages
    .filter(({ folder }) => !folder.startsWith('examples/'))
    .flatMap(({ folder, manifest, sources }) =>
      peersOfDrivers(
        workspace,
        sources.filter(({ path }) => !isTest(path)),
      )
        .filter(
          ({ peer }) => !Object.hasOwn({ ...manifest.dependencies, ...manifest.peerDependencies }, peer),
        )
        .map(
          ({ peer, specifier }) => `${folder}/package.json does not name ${peer}, which ${specifier} needs`,
        ),
    );
}

/** Dependencies are imported by published code, dev dependencies by tests (or are the copy of a peer to test with). */
export function leftOverDependencies(workspace: Workspace): string[] {
  return workspace.packages
    .filter(({ folder }) => !folder.startsWith('examples/'))
    .flatMap(({ folder, manifest, sources }) => {
      const shipped = importedBy(sources.filter(({ path }) => !isTest(path)));
      const tested = importedBy(sources.filter(({ path }) => isTest(path)));
      const peers = Object.keys(manifest.peerDependencies ?? {});
      for (const { peer } of peersOfDrivers(workspace, sources)) shipped.add(peer);
      return [
        ...Object.keys({
          ...manifest.dependencies,
          ...manifest.optionalDependencies,
          ...manifest.peerDependencies,
        })
          .filter((name) => !shipped.has(name))
          .map((name) => `${folder}/package.json depends on ${name}, which only tests or nobody imports`),
        ...Object.keys(manifest.devDependencies ?? {})
          // The types of a client that has none of its own come with it.
          .filter((name) => !tested.has(name.replace(/^@types\//, '')) && !peers.includes(name))
          .filter((name) => manifest.dependencies?.[name.replace(/^@types\//, '')] === undefined)
          .map((name) => `${folder}/package.json has the dev dependency ${name}, which no test imports`),
        ...Object.keys(manifest.devDependencies ?? {})
          .filter((name) => manifest.dependencies?.[name] !== undefined)
          .map((name) => `${folder}/package.json names ${name} twice, in dependencies and devDependencies`),
      ];
    });
}

/** Programs that the root has for its scripts; nobody imports them. */
const TOOLS = [
  '@arethetypeswrong/cli',
  '@types/node',
  'knip',
  'node',
  'oxfmt',
  'oxlint',
  'oxlint-tsgolint',
  'typescript',
];

/** The root names its tools, all packages (for the documentation's examples), and what tests import. */
export function leftOverTools({ manifest, packages, sources }: Workspace): string[] {
  const used = importedBy(sources.filter(({ path }) => isTest(path) || path === 'vitest.config.ts'));
  const known = [...TOOLS, ...used, ...packages.map((each) => each.manifest.name)];
  return (
    Object.keys(manifest.devDependencies ?? {})
      // The types of a client that has none of its own come with it.
      .filter((name) => !known.includes(name) && !used.has(name.replace(/^@types\//, '')))
      .map((name) => `package.json has the dev dependency ${name}, which no test imports`)
  );
}

/** One version, one licence, a README, a way in for sources and one for what is published. */
export function unevenManifests(workspace: Workspace): string[] {
  return workspace.packages.flatMap((each) =>
    each.folder.startsWith('packages/')
      ? [...commonFaults(workspace, each), ...publishingFaults(each)]
      : each.folder.startsWith('services/')
        ? [...commonFaults(workspace, each), ...privacyFaults(each)]
        : privacyFaults(each),
  );
}

/** Third-party versions are exact and the same everywhere; ours are `workspace:*`. Peers state what works. */
export function looseVersions({ manifest, packages }: Workspace): string[] {
  const all = [{ folder: '.', manifest }, ...packages];
  const seen = new Map<string, { readonly version: string; readonly folder: string }>();
  return all.flatMap(({ folder, manifest: each }) =>
    Object.entries({ ...each.dependencies, ...each.optionalDependencies, ...each.devDependencies }).flatMap(
      ([name, version]) => {
        const where = `${folder}/package.json`;
        if (packages.some((ours) => ours.manifest.name === name)) {
          return version === 'workspace:*' ? [] : [`${where} asks for ${name}@${version}: say workspace:*`];
        }
        if (!/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version))
          return [`${where} asks for ${name}@${version}: give one exact version`];
        const first = seen.get(name) ?? { version, folder: where };
        seen.set(name, first);
        return first.version === version
          ? []
          : [`${where} asks for ${name}@${version}, ${first.folder} for ${first.version}`];
      },
    ),
  );
}

/** `tsc -b` builds in the order of references: they follow the manifests. */
export function unevenReferences(workspace: Workspace): string[] {
  const listed = referencesOf(workspace.root, '.');
  const emitting = workspace.packages.filter(({ folder }) => folder.startsWith('packages/'));
  const programs = workspace.packages.filter(({ folder }) => folder.startsWith('services/'));
  return [
    ...[...emitting, ...programs]
      .filter(({ folder }) => !listed.includes(folder))
      .map(({ folder }) => `tsconfig.json does not list ${folder}, so nothing type-checks it`),
    ...[...emitting, ...programs].flatMap(({ folder, manifest }) => {
      const wanted = emitting.filter(({ manifest: { name } }) => dependencyNames(manifest).includes(name));
      const has = referencesOf(workspace.root, folder);
      return [
        ...wanted
          .filter((each) => !has.includes(each.folder))
          .map((each) => `${folder}/tsconfig.json does not reference ${each.folder}`),
        ...has
          .filter((path) => !wanted.some((each) => each.folder === path))
          .map(
            (path) =>
              `${folder}/tsconfig.json references ${path}, which ${folder}/package.json does not name`,
          ),
      ];
    }),
  ];
}

function undeclared(
  { manifest: root }: Workspace,
  manifest: Manifest,
  folder: string,
  sources: readonly Source[],
): string[] {
  const forShipped = Object.keys({
    ...manifest.dependencies,
    ...manifest.optionalDependencies,
    ...manifest.peerDependencies,
  });
  // Test tools stand in the root, once for all packages.
  const forTests = [...forShipped, ...Object.keys({ ...manifest.devDependencies, ...root.devDependencies })];
  return sources.flatMap(({ path, imports }) => {
    // Outside packages nothing is published, and the root has dev dependencies only.
    const declared = isTest(path) || folder === '.' ? forTests : forShipped;
    return imports
      .filter(({ specifier }) => isPackageSpecifier(specifier))
      .map((use) => ({ use, name: splitSpecifier(use.specifier).name }))
      .filter(({ name }) => name !== manifest.name && !declared.includes(name))
      .map(
        ({ use, name }) =>
          `${path}:${use.line} imports ${name}, which ${posix.join(folder, 'package.json')} does not name`,
      );
  });
}

/** Optional peers of the drivers that the sources import, without repetition. */
function peersOfDrivers(
  { packages }: Workspace,
  sources: readonly Source[],
): readonly { readonly specifier: string; readonly peer: string }[] {
  const specifiers = new Set(sources.flatMap(({ imports }) => imports.map(({ specifier }) => specifier)));
  return [...specifiers].flatMap((specifier) => {
    const { name, door } = splitSpecifier(specifier);
    const owner = packages.find(({ manifest }) => manifest.name === name);
    if (owner === undefined || door === '.') return [];
    const driver = owner.sources.filter(({ path }) => !isTest(path) && driverOf(owner, path) === door);
    const imported = importedBy(driver);
    return Object.keys(owner.manifest.peerDependencies ?? {})
      .filter((peer) => imported.has(peer))
      .map((peer) => ({ specifier, peer }));
  });
}

function importedBy(sources: readonly Source[]): Set<string> {
  return new Set(
    sources.flatMap(({ imports }) => imports.map(({ specifier }) => splitSpecifier(specifier).name)),
  );
}

function commonFaults({ manifest: root }: Workspace, { folder, manifest }: Package): string[] {
  return [
    ...(manifest.license === 'MIT' ? [] : [`${folder}/package.json: the licence is MIT`]),
    ...(manifest.version === root.version
      ? []
      : [`${folder}/package.json: the version is ${String(root.version)}, as in the root`]),
    ...(manifest.type === 'module' ? [] : [`${folder}/package.json: the type is module`]),
    ...((manifest.description ?? '') === '' ? [`${folder}/package.json has no description`] : []),
  ];
}

function privacyFaults({ folder, manifest }: Package): string[] {
  return manifest.private === true
    ? []
    : [`${folder}/package.json is not private, but nothing outside packages/ is published`];
}

function publishingFaults({ folder, manifest, files }: Package): string[] {
  const sources = { ...manifest.exports, ...manifest.bin };
  return [
    ...['README.md', 'tsconfig.json']
      .filter((name) => !files.includes(`${folder}/${name}`))
      .map((name) => `${folder} has no ${name}`),
    ...(manifest.private === true ? [`${folder}/package.json is private`] : []),
    ...(manifest.repository?.directory === folder
      ? []
      : [`${folder}/package.json: repository.directory is ${folder}`]),
    ...Object.values(sources)
      .filter((path) => !files.includes(posix.join(folder, path)))
      .map((path) => `${folder}/package.json names ${path}, which does not exist`),
    ...(sameJson(manifest.publishConfig?.exports, publishedExports(manifest))
      ? []
      : [
          `${folder}/package.json: publishConfig.exports does not mirror exports; expected ${JSON.stringify(publishedExports(manifest))}`,
        ]),
    ...(sameJson(manifest.publishConfig?.bin, publishedBin(manifest))
      ? []
      : [`${folder}/package.json: publishConfig.bin does not mirror bin`]),
  ];
}

function publishedExports({ exports = {} }: Manifest): object {
  return Object.fromEntries(
    Object.entries(exports).map(([door, path]) => {
      const built = path.replace(/^\.\/src\//, './dist/').replace(/\.ts$/, '');
      return [door, { types: `${built}.d.ts`, default: `${built}.js` }];
    }),
  );
}

function publishedBin({ bin }: Manifest): object | undefined {
  if (bin === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(bin).map(([name, path]) => [
      name,
      path.replace(/^\.\/src\//, './dist/').replace(/\.ts$/, '.js'),
    ]),
  );
}

function dependencyNames({ dependencies, devDependencies }: Manifest): readonly string[] {
  return Object.keys({ ...dependencies, ...devDependencies });
}

function referencesOf(root: string, folder: string): readonly string[] {
  const { references = [] } = JSON.parse(readFileSync(join(root, folder, 'tsconfig.json'), 'utf8')) as {
    readonly references?: readonly { readonly path: string }[];
  };
  return references.map(({ path }) => posix.join(folder, path));
}

/** Equal but for the order of keys. */
function sameJson(a: unknown, b: unknown): boolean {
  return JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, inner]: [string, unknown]) => [key, sorted(inner)] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}
