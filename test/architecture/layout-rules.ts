/** Rules on where things stand and what they are called. Each returns its offences, one line each. */
import { posix } from 'node:path';
import type { Workspace } from './workspace.ts';

/** Folders are concepts of the field. These are kinds of syntax, or say nothing. */
const MEANINGLESS_FOLDERS = [
  'utils',
  'util',
  'types',
  'interfaces',
  'classes',
  'constants',
  'common',
  'shared',
  'helpers',
  'helper',
  'misc',
  'lib',
  'models',
];

/** `index.ts` is a list of names: what a package offers can be read there, and nothing runs there. */
export function indexesThatDoMore({ sources }: Workspace): string[] {
  return sources
    .filter(({ path }) => /^(?:packages|services)\/.*\/index\.ts$/.test(path))
    .flatMap(({ path, exportStars, otherStatements }) => [
      ...exportStars.map((line) => `${path}:${line} has \`export *\`: list the names`),
      ...otherStatements.map(
        (line) => `${path}:${line} is no \`export { … } from\`: move it to a file of its own`,
      ),
    ]);
}

/** `packages/<concept>/src/<driver>/file.ts` is as deep as it gets; fixtures of tests may lie one folder below. */
export function filesTooDeep({ sources }: Workspace): string[] {
  return sources
    .map(({ path }) => path)
    .filter((path) => /^(?:packages|services)\/[^/]+\/src\//.test(path))
    .filter((path) => path.replace(/\/fixtures\//, '/').split('/').length > 5)
    .map((path) => `${path} is deeper than <package>/src/<driver>/file.ts`);
}

/** Code of a package lives in `src/`. */
export function sourcesOutsideSrc({ sources }: Workspace): string[] {
  return sources
    .map(({ path }) => path)
    .filter((path) => /^(?:packages|services)\/[^/]+\//.test(path) && !/^[^/]+\/[^/]+\/src\//.test(path))
    .map((path) => `${path} is outside src/`);
}

/** No `utils/`, no `types/`. */
export function meaninglessFolders({ files }: Workspace): string[] {
  const folders = new Set(files.flatMap((file) => foldersOf(posix.dirname(file))));
  return [...folders]
    .filter((folder) => MEANINGLESS_FOLDERS.includes(posix.basename(folder).toLowerCase()))
    .map((folder) => `${folder}/ says nothing: name it after what it is about`);
}

/** One name for tests, so that none is left out of a run. */
export function misnamedTests({ sources }: Workspace): string[] {
  return sources
    .map(({ path }) => path)
    .filter((path) => /\.(?:spec\.ts|test\.(?:js|mjs|mts))$|\/__tests__\//.test(path))
    .map((path) => `${path}: tests are called <file>.test.ts and stand beside their file`);
}

function foldersOf(folder: string): readonly string[] {
  return folder === '.' ? [] : [folder, ...foldersOf(posix.dirname(folder))];
}
