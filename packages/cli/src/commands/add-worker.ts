/** `longshore add worker`: a service with its files, and its entry in the fleet file. */
import { basename, dirname } from 'node:path';
import type { Fleet } from '@longshore/fleet';
import { LongshoreError } from '@longshore/job';
import {
  conflictingFiles,
  defaultJob,
  fleetEntry,
  scaffoldName,
  workerFiles,
  writeFiles,
} from 'create-longshore';
import { FLEET_OPTION, defineCommand, type Command } from '../command.ts';
import { EXIT_OK } from '../exit-code.ts';
import { entrySnippet, prepareEntry } from '../fleet-file/prepare-entry.ts';
import { missingPackages } from '../fleet-file/missing-packages.ts';
import { loadFleet } from '../load-fleet.ts';

/** The command. */
export const addWorker: Command = defineCommand({
  name: 'worker',
  summary: 'Add a service: a job with its handler, a test, its fleet entry',
  description: [
    'The files go to services/<name>/src/ beside the fleet file. Its entry is put into the fleet file, of which nothing else is changed; where the file is written in a way that is not understood, nothing is written and the text to paste is shown.',
    'Nothing is replaced: a service, queue or job of the name, or another file in the way, ends the command with exit code 2.',
  ],
  positionals: [{ name: 'name', description: 'Name of the service and of its queue' }],
  options: {
    job: { type: 'text', placeholder: 'name', description: 'Name of its job (default: process-<name>)' },
    'dry-run': { type: 'boolean', description: 'Show what would be written, and write nothing' },
    fleet: FLEET_OPTION,
  },
  examples: [
    { command: 'longshore add worker thumbnails', note: 'With the job process-thumbnails' },
    { command: 'longshore add worker thumbnails --job make-thumbnail --dry-run', note: 'Look first' },
  ],
  async run({ values, positionals: [text = ''], terminal, cwd }) {
    const worker = scaffoldName('worker', text);
    const job = scaffoldName('job', values.job ?? defaultJob(worker));
    const loaded = await loadFleet({ cwd, path: values.fleet });
    refuseTaken(loaded.fleet, worker, job);
    const root = dirname(loaded.path);
    const files = workerFiles({ worker, job, fleetFile: basename(loaded.path) });
    const inTheWay = await conflictingFiles(root, files);
    if (inTheWay.length > 0)
      throw new LongshoreError(
        'invalid_options',
        `Cannot add worker "${worker}": ${inTheWay.join(', ')} ${inTheWay.length === 1 ? 'is' : 'are'} there already; move ${inTheWay.length === 1 ? 'it' : 'them'} away, or choose another name`,
        { details: { files: inTheWay } },
      );
    const entry = fleetEntry({ worker, job });
    await using prepared = await prepareEntry(loaded, worker, entry);
    const missing = await missingPackages(root, Object.values(files));
    const dryRun = values['dry-run'];
    if (!dryRun) {
      await writeFiles(root, files);
      await prepared.commit();
    }
    const paths = Object.keys(files);
    if (values.json) {
      terminal.json({ worker, job, fleet: loaded.path, files: paths, entry, missing, dryRun });
      return EXIT_OK;
    }
    const { style } = terminal;
    terminal.write(
      `${dryRun ? 'Would add' : 'Added'} the service ${style.bold(worker)} with the job ${style.bold(job)}\n`,
    );
    for (const path of [...paths, basename(loaded.path)]) terminal.data.write(`${path}\n`);
    if (dryRun) terminal.write(`\nIn ${basename(loaded.path)}\n${entrySnippet(entry)}\n`);
    const next = [
      ...(missing.length === 0 ? [] : [`npm install ${missing.join(' ')}`]),
      `npx longshore worker ${worker}`,
      `npx longshore enqueue ${job} '{"id":"first","text":"some words"}'`,
    ];
    terminal.write(`\nNext\n${next.map((line) => `  ${style.cyan(line)}\n`).join('')}`);
    return EXIT_OK;
  },
});

function refuseTaken({ name: fleet, queues, services }: Fleet, worker: string, job: string): void {
  const taken = services.some(({ name }) => name === worker)
    ? `a service "${worker}"`
    : queues.some(({ name }) => name === worker)
      ? `a queue "${worker}"`
      : undefined;
  if (taken !== undefined)
    throw new LongshoreError(
      'invalid_options',
      `Cannot add worker "${worker}": the fleet "${fleet}" has ${taken} already; nothing was changed`,
      { details: { worker } },
    );
  const queue = queues.find(({ jobs }) => jobs.includes(job));
  if (queue !== undefined)
    throw new LongshoreError(
      'invalid_options',
      `Cannot add worker "${worker}": the job "${job}" travels on the queue "${queue.name}" already; give another name with --job`,
      { details: { worker, job, queue: queue.name } },
    );
}
