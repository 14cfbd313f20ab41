/** Rules on imports. Each returns its offences, one line each, empty when the rule holds. */
import { posix } from 'node:path';
import { ARROWS, CHOOSES_DRIVERS, SERVICE_ARROWS, TEST_PARTS } from './arrows.ts';
import { conceptOf, driverOf, isCompositionRoot, isTest, packageOf, splitSpecifier } from './roles.ts';
import type { ImportUse, Source } from './source.ts';
import type { Package, Workspace } from './workspace.ts';

interface Edge {
  readonly source: Source;
  readonly use: ImportUse;
  readonly from: Package;
  readonly to: Package;
  readonly door: string;
}

/** Packages import each other only along the arrows of the table; tests may import what they test with as well. */
export function forbiddenArrows(workspace: Workspace): string[] {
  const ruled = edges(workspace).filter(
    ({ source, to }) => !(isTest(source.path) && TEST_PARTS.includes(conceptOf(to))),
  );
  return ruled.flatMap(({ source, use, from, to }) => {
    const fault = arrowFault(from, to);
    return fault === undefined ? [] : [`${at(source, use)} imports ${use.specifier}: ${fault}`];
  });
}

/** Every folder of `packages/` stands in the table. */
export function unlistedPackages(workspace: Workspace): string[] {
  return workspace.packages
    .filter(({ folder }) => folder.startsWith('packages/'))
    .filter((each) => ARROWS[conceptOf(each)] === undefined)
    .map(({ folder }) => `${folder} is not in the table of test/architecture/arrows.ts`);
}

/** A package is entered by a declared door, so that its files may move. */
export function deepImports(workspace: Workspace): string[] {
  return specifiersOfOurs(workspace).flatMap(({ source, use, to, door }) => {
    if (to === undefined) return [`${at(source, use)} imports ${use.specifier}: there is no such package`];
    if (to.manifest.exports?.[door] !== undefined) return [];
    return [
      `${at(source, use)} imports ${use.specifier}: "${door}" is not in the exports of ${to.folder}/package.json`,
    ];
  });
}

/** Relative imports stay inside their package. The fleet file is the one thing outside that programs and tests share. */
export function escapingImports(workspace: Workspace): string[] {
  return workspace.sources.flatMap((source) =>
    source.imports
      .filter(({ specifier }) => specifier.startsWith('.'))
      .filter(
        ({ specifier }) =>
          !mayReach(workspace, source.path, posix.join(posix.dirname(source.path), specifier)),
      )
      .map(
        (use) =>
          `${at(source, use)} imports ${use.specifier}, which leaves its package: import the package by name`,
      ),
  );
}

/** Ports do not know their drivers: a driver costs nothing unless somebody imports it. */
export function driverImports(workspace: Workspace): string[] {
  return [...foreignDrivers(workspace), ...ownDrivers(workspace)];
}

function foreignDrivers(workspace: Workspace): string[] {
  return edges(workspace)
    .filter(
      ({ source, from, door }) => door !== '.' && from.folder.startsWith('packages/') && !isTest(source.path),
    )
    .filter(({ from }) => !CHOOSES_DRIVERS.includes(conceptOf(from)))
    .map(
      ({ source, use }) =>
        `${at(source, use)} imports the driver ${use.specifier}: take the port as a parameter`,
    );
}

function ownDrivers({ packages }: Workspace): string[] {
  return packages.flatMap((each) =>
    each.sources
      .filter(({ path }) => !isTest(path))
      .flatMap((source) => source.imports.map((use) => ({ source, use })))
      .filter(({ source, use }) => {
        const target = driverOf(each, posix.join(posix.dirname(source.path), use.specifier));
        return (
          use.specifier.startsWith('.') && target !== undefined && target !== driverOf(each, source.path)
        );
      })
      .map(
        ({ source, use }) =>
          `${at(source, use)} imports ${use.specifier} of a driver from outside its folder`,
      ),
  );
}

function arrowFault(from: Package, to: Package): string | undefined {
  if (from.folder === to.folder) return 'a package imports its own files by path';
  if (from.folder.startsWith('services/')) return serviceFault(from, to);
  if (from.folder.startsWith('examples/'))
    return to.folder.startsWith('packages/') ? undefined : 'examples use packages only';
  if (!to.folder.startsWith('packages/')) return `nothing in packages/ imports ${to.folder}`;
  const [source, target] = [conceptOf(from), conceptOf(to)];
  const allowed = ARROWS[source] ?? [];
  if (allowed === 'everything' || allowed.includes(target)) return undefined;
  return `${source} may import ${allowed.length === 0 ? 'nothing of ours' : allowed.join(', ')}`;
}

function serviceFault(from: Package, to: Package): string | undefined {
  if (to.folder.startsWith('packages/')) return undefined;
  const [source, target] = [from, to].map(({ folder }) => posix.basename(folder));
  const isListed = SERVICE_ARROWS.some(([a, b]) => a === source && b === target);
  return isListed
    ? undefined
    : 'a service imports another one only for job definitions, and by the table of arrows.ts';
}

function mayReach(workspace: Workspace, from: string, target: string): boolean {
  const home = packageOf(workspace, from);
  if (target === 'fleet.ts') return isCompositionRoot(from) || home === undefined;
  if (home !== undefined) return target.startsWith(`${home.folder}/`);
  return packageOf(workspace, target) === undefined && !target.startsWith('..');
}

function edges(workspace: Workspace): readonly Edge[] {
  return specifiersOfOurs(workspace).flatMap(({ source, use, to, door }) => {
    const from = packageOf(workspace, source.path);
    return from === undefined || to === undefined ? [] : [{ source, use, from, to, door }];
  });
}

function specifiersOfOurs(
  workspace: Workspace,
): readonly (Omit<Edge, 'from' | 'to'> & { readonly to: Package | undefined })[] {
  return workspace.sources.flatMap((source) =>
    source.imports
      .filter(({ specifier }) => isOurs(workspace, specifier))
      .map((use) => {
        const { name, door } = splitSpecifier(use.specifier);
        return { source, use, door, to: workspace.packages.find(({ manifest }) => manifest.name === name) };
      }),
  );
}

/** A package of this repository, or one that says to be. */
function isOurs({ packages }: Workspace, specifier: string): boolean {
  const { name } = splitSpecifier(specifier);
  return name.startsWith('@longshore/') || packages.some(({ manifest }) => manifest.name === name);
}

function at({ path }: Source, { line }: { readonly line: number }): string {
  return `${path}:${line}`;
}
