/**
 * Finds the fleet file, imports it and checks what it exports.
 *
 * Importing runs the file, so it is looked for only inside the project that the current folder belongs to.
 */
import { access } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseFleet, writtenBack, type Fleet } from '@longshore/fleet';
import { LongshoreError } from '@longshore/job';

/** A fleet and where it came from. */
export interface LoadedFleet {
  readonly fleet: Fleet;
  /** Absolute path of the fleet file. */
  readonly path: string;
}

/** Options of {@link loadFleet}. */
export interface LoadFleetOptions {
  /** The folder to start from. */
  readonly cwd: string;
  /** Fleet file, absolute or from `cwd`. Default: `fleet.ts` or `fleet.js`, in `cwd` or a parent within the project. */
  readonly path?: string | undefined;
}

const FLEET_FILES = ['fleet.ts', 'fleet.js'];
const ROOT_MARKS = ['.git', 'pnpm-workspace.yaml'];

/** Loads it. @throws LongshoreError `invalid_fleet` when the file is missing, cannot run, or exports no fleet. */
export async function loadFleet({ cwd, path }: LoadFleetOptions): Promise<LoadedFleet> {
  const file = path === undefined ? await findFleetFile(cwd) : await givenFleetFile(resolve(cwd, path));
  const exported = await importDefault(file, cwd);
  const parsed = parseFleet(isChecked(exported) ? writtenBack(exported) : exported);
  if (parsed.ok) return { fleet: parsed.value, path: file };
  const message = `Cannot use "${shown(file, cwd)}": ${parsed.error.message}`;
  throw new LongshoreError('invalid_fleet', message, {
    cause: parsed.error,
    details: { path: file, ...parsed.error.details },
  });
}

async function givenFleetFile(path: string): Promise<string> {
  if (await exists(path)) return path;
  throw new LongshoreError(
    'invalid_fleet',
    `Cannot read fleet file "${path}": no such file (check --fleet)`,
    { details: { path } },
  );
}

async function findFleetFile(cwd: string): Promise<string> {
  const folders = await projectFolders(cwd);
  for (const folder of folders) {
    for (const name of FLEET_FILES) {
      if (await exists(join(folder, name))) return join(folder, name);
    }
  }
  const looked = folders.length === 1 ? `"${cwd}"` : `"${cwd}" and its parents up to "${folders.at(-1)}"`;
  const message = `No fleet file: looked for fleet.ts in ${looked}; go to the folder that has one, or give its path with --fleet`;
  throw new LongshoreError('invalid_fleet', message, { details: { cwd } });
}

/** From `cwd` to the root of its repository, else to its package, else only `cwd`. */
async function projectFolders(cwd: string): Promise<string[]> {
  const folders = [cwd];
  for (let folder = cwd; dirname(folder) !== folder; folder = dirname(folder)) folders.push(dirname(folder));
  for (const marks of [ROOT_MARKS, ['package.json']]) {
    for (const [index, folder] of folders.entries()) {
      const found = await Promise.all(marks.map((mark) => exists(join(folder, mark))));
      if (found.includes(true)) return folders.slice(0, index + 1);
    }
  }
  return [cwd];
}

async function importDefault(file: string, cwd: string): Promise<unknown> {
  let module: { readonly default?: unknown };
  try {
    module = (await import(pathToFileURL(file).href)) as typeof module;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new LongshoreError('invalid_fleet', `Cannot load fleet file "${shown(file, cwd)}": ${reason}`, {
      cause: error,
      details: { path: file },
    });
  }
  if (module.default !== undefined) return module.default;
  const message = `Fleet file "${shown(file, cwd)}" has no default export: write "export default defineFleet({ … })"`;
  throw new LongshoreError('invalid_fleet', message, { details: { path: file } });
}

/** Whether this is what `defineFleet` made (lists), rather than what it takes (objects by name). */
function isChecked(value: unknown): value is Fleet {
  if (typeof value !== 'object' || value === null) return false;
  const { queues, services } = value as Partial<Fleet>;
  return [queues, services].every(
    (list) => Array.isArray(list) && list.every((each) => typeof each === 'object' && each !== null),
  );
}

/** A path as a person in `cwd` would write it. */
function shown(path: string, cwd: string): string {
  const short = relative(cwd, path);
  return short.startsWith('..') || isAbsolute(short) ? path : short;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
