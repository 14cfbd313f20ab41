/** Which part a file plays: the rules ask different things of production code, tests and programs. */
import type { Package, Workspace } from './workspace.ts';

/** Tests, their fixtures and everything that is only run by people of this project. Never published. */
export function isTest(path: string): boolean {
  return /\.test\.(?:\w+\.)?ts$|\/fixtures\//.test(path) || /^(?:test|bench|docker|examples)\//.test(path);
}

/** A suite that a package publishes for the drivers of others: it runs in tests, against real parts. */
export function isConformanceSuite(path: string): boolean {
  return /^packages\/[^/]+\/src\/conformance\//.test(path);
}

/** Programs: they alone read the environment, set signal handlers and exit. `launch` is the one that all services share. */
export function isCompositionRoot(path: string): boolean {
  return /^(?:services\/[^/]+|packages\/create-longshore)\/src\/main\.ts$|^services\/delivery\/src\/operate\.ts$|^packages\/(?:cli|launch)\/src\/|^vitest\.config\.ts$/.test(
    path,
  );
}

/** The first module of a thread or a child process: it talks to its parent and ends itself, but is given its settings. */
export function isEntry(path: string): boolean {
  return /(?:-entry|\/child)\.(?:ts|mjs)$/.test(path);
}

/** The short name that the dependency table uses: `job`, `services/indexing`. */
export function conceptOf({ folder }: Package): string {
  return folder.replace(/^packages\//, '');
}

/** The package that a file belongs to. */
export function packageOf(workspace: Workspace, path: string): Package | undefined {
  return workspace.packages.find(({ folder }) => path.startsWith(`${folder}/`));
}

/** The driver that a file is part of, by the door of its package that leads there: `./sqs`. */
export function driverOf({ folder, manifest }: Package, path: string): string | undefined {
  return Object.keys(manifest.exports ?? {}).find(
    (door) => door !== '.' && path.startsWith(`${folder}/src/${door.slice(2)}/`),
  );
}

/** A specifier's package and the door that it uses: `@longshore/queue/sqs` is `./sqs` of `@longshore/queue`. */
export function splitSpecifier(specifier: string): { readonly name: string; readonly door: string } {
  const [first = '', second = '', ...rest] = specifier.split('/');
  const [name, inner] = first.startsWith('@')
    ? [`${first}/${second}`, rest]
    : [first, second === '' ? [] : [second, ...rest]];
  return { name, door: inner.length === 0 ? '.' : `./${inner.join('/')}` };
}

/** Neither a path nor a part of Node.js. */
export function isPackageSpecifier(specifier: string): boolean {
  return !/^(?:\.|\/|#|node:|file:|data:)/.test(specifier);
}
