/** Makes a new fleet in a folder: what `npm create longshore` and `longshore init` do. */
import { basename, relative, resolve } from 'node:path';
import { LongshoreError } from '@longshore/job';
import { fleetFiles } from './fleet-files.ts';
import { fleetNameOf, scaffoldName } from './scaffold-name.ts';
import { longshoreVersion } from './versions.ts';
import { conflictingFiles, writeFiles } from './write-files.ts';

/** Options of {@link createFleet}. */
export interface CreateFleetOptions {
  /** The folder that `folder` is meant from. */
  readonly cwd: string;
  /** Where the fleet goes; made if it is not there. Default: `cwd`. */
  readonly folder?: string | undefined;
  /** Name of the fleet. Default: from the folder's name. */
  readonly name?: string | undefined;
  /** Name of its first service. Default `words`. */
  readonly worker?: string | undefined;
  /** Name of that service's job. Default `count-words`, or `process-<worker>` for a worker of another name. */
  readonly job?: string | undefined;
  /** Replaces files that are there. */
  readonly force: boolean;
  /** Asked for leave to replace files that are there, where there is somebody to ask. */
  readonly mayReplace?: (paths: readonly string[]) => Promise<boolean>;
}

/** A fleet that was made. */
export interface CreatedFleet {
  /** Absolute. */
  readonly folder: string;
  readonly name: string;
  readonly worker: string;
  readonly job: string;
  /** What was written, relative to the folder. */
  readonly files: readonly string[];
  /** Commands to go on with. */
  readonly next: readonly string[];
}

const FIRST = { worker: 'words', job: 'count-words' } as const;

/** The job of a worker that was given no job. */
export function defaultJob(worker: string): string {
  return worker === FIRST.worker ? FIRST.job : `process-${worker}`;
}

/**
 * Makes it: all files, or none.
 *
 * @throws LongshoreError `invalid_options`: a name that cannot be one, files in the way
 */
export async function createFleet(options: CreateFleetOptions): Promise<CreatedFleet> {
  const folder = resolve(options.cwd, options.folder ?? '.');
  const name = scaffoldName('fleet', options.name ?? fleetNameOf(basename(folder)));
  const worker = scaffoldName('worker', options.worker ?? FIRST.worker);
  const job = scaffoldName('job', options.job ?? defaultJob(worker));
  const files = fleetFiles({ name, worker, job, version: longshoreVersion() });
  const inTheWay = options.force ? [] : await conflictingFiles(folder, files);
  if (inTheWay.length > 0 && (await options.mayReplace?.(inTheWay)) !== true)
    throw new LongshoreError(
      'invalid_options',
      `Cannot make a fleet in "${folder}": ${inTheWay.join(', ')} ${inTheWay.length === 1 ? 'is' : 'are'} there already; choose an empty folder, or replace with --force`,
      { details: { folder, files: inTheWay } },
    );
  await writeFiles(folder, files);
  const path = relative(options.cwd, folder);
  return {
    folder,
    name,
    worker,
    job,
    files: Object.keys(files),
    next: [
      ...(path === '' ? [] : [`cd ${/^[\w./-]+$/.test(path) ? path : `'${path}'`}`]),
      'npm install',
      'npm test',
      `npx longshore worker ${worker}`,
    ],
  };
}
