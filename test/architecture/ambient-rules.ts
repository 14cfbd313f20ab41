/** Rules on the process, the clock and randomness: they are parameters everywhere but in programs. */
import { driverOf, isCompositionRoot, isConformanceSuite, isEntry, isTest, packageOf } from './roles.ts';
import type { AmbientUse, Source } from './source.ts';
import type { Workspace } from './workspace.ts';

/** A use that stands for a reason. An exception that no file needs any more is an offence too. */
export interface AmbientException {
  readonly path: string;
  /** As {@link AmbientUse.name}. */
  readonly name: string;
  readonly reason: string;
}

/** What composition roots alone may touch. */
const OF_THE_PROGRAM = [
  'env',
  'exit',
  'exitCode',
  'abort',
  'on',
  'once',
  'addListener',
  'off',
  'removeListener',
  'argv',
  '*',
];

/** What a child process or thread may do with its own process. */
const OF_AN_ENTRY = ['argv', 'exit', 'exitCode', 'on', 'once', 'off'];

/** Packages whose behaviour must be the same at any time of any day, so that tests and simulations can drive it. */
const TIMELESS = [
  'job',
  'objects',
  'queue',
  'once',
  'worker',
  'search',
  'webhooks',
  'sql',
  'fleet',
  'ledger',
  'autoscaler',
  'simulator',
  'sqs-endpoint',
];

/** `process.env`, `process.exit`, `process.on` and their like belong to composition roots. */
export function processOutsideRoots({ sources }: Workspace): string[] {
  return sources
    .filter(({ path }) => !isTest(path) && !isCompositionRoot(path))
    .flatMap((source) =>
      source.ambientUses
        .filter(
          ({ name }) => name.startsWith('process.') && OF_THE_PROGRAM.includes(name.slice('process.'.length)),
        )
        .filter(({ name }) => !(isEntry(source.path) && OF_AN_ENTRY.includes(name.slice('process.'.length))))
        .map(
          (use) => `${at(source, use)} uses ${use.name}: only composition roots may; take it as a parameter`,
        ),
    );
}

/**
 * Time and chance come in as parameters; the real ones are at most the default of one. A driver may bound a call to the
 * system that it drives by real time, because that system lives in real time.
 */
export function hiddenClocks(workspace: Workspace, exceptions: readonly AmbientException[]): string[] {
  const uses = workspace.sources
    .filter(({ path }) => TIMELESS.some((concept) => path.startsWith(`packages/${concept}/src/`)))
    .filter(({ path }) => !isTest(path) && !isConformanceSuite(path))
    .flatMap((source) => source.ambientUses.map((use) => ({ source, use })))
    .filter(({ use }) => !use.name.startsWith('process.') && !use.isDefault)
    .filter(({ source, use }) => !(use.name === 'AbortSignal.timeout()' && isDriver(workspace, source.path)));
  const isExcepted = ({ source, use }: { source: Source; use: AmbientUse }): boolean =>
    exceptions.some(({ path, name }) => path === source.path && name === use.name);
  const stale = exceptions.filter(
    ({ path, name }) => !uses.some(({ source, use }) => source.path === path && use.name === name),
  );
  return [
    ...uses
      .filter((each) => !isExcepted(each))
      .map(
        ({ source, use }) =>
          `${at(source, use)} uses ${use.name}: take a clock (or the randomness) as a parameter`,
      ),
    ...stale.map(({ path, name }) => `${path} no longer uses ${name}: remove its exception`),
  ];
}

function isDriver(workspace: Workspace, path: string): boolean {
  const home = packageOf(workspace, path);
  return home !== undefined && driverOf(home, path) !== undefined;
}

function at({ path }: Source, { line }: AmbientUse): string {
  return `${path}:${line}`;
}
