/** `longshore import copilot`: a worker service of AWS Copilot as an entry of the fleet file. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseFleet } from '@longshore/fleet';
import { LongshoreError } from '@longshore/job';
import { defaultJob, scaffoldName } from 'create-longshore';
import { FLEET_OPTION, defineCommand, type Command } from '../command.ts';
import { convertManifest, type ConvertedManifest } from '../copilot/convert-manifest.ts';
import { entryText } from '../copilot/entry-text.ts';
import { readManifest } from '../copilot/read-manifest.ts';
import { EXIT_OK } from '../exit-code.ts';
import { entrySnippet, prepareEntry } from '../fleet-file/prepare-entry.ts';
import { loadFleet } from '../load-fleet.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** The command. */
export const importCopilot: Command = defineCommand({
  name: 'copilot',
  summary: 'Make a fleet entry of a Copilot worker service',
  description: [
    'Prints the entry to stdout, and to stderr everything of the manifest that has no place in it, each with the reason. With --write, the entry is put into the fleet file, of which nothing else is changed.',
    'Count, CPU, memory, the acceptable latency with the time per message, and the timeout and retention of the queue carry over. What an environment overrides is applied with --environment.',
  ],
  positionals: [{ name: 'manifest', description: 'Path of the manifest.yml', completes: 'files' }],
  options: {
    environment: {
      type: 'text',
      short: 'e',
      placeholder: 'name',
      description: 'Apply what this one overrides',
    },
    name: { type: 'text', description: "Name of the service (default: the manifest's)" },
    job: { type: 'text', placeholder: 'name', description: 'Name of its job (default: process-<name>)' },
    slots: {
      type: 'integer',
      min: 1,
      max: 1_000,
      default: 1,
      description: 'Jobs that one worker runs at a time, one like a loop over receive',
    },
    write: { type: 'boolean', description: 'Put the entry into the fleet file' },
    fleet: FLEET_OPTION,
  },
  examples: [
    { command: 'longshore import copilot copilot/mail/manifest.yml', note: 'Look first' },
    {
      command: 'longshore import copilot copilot/mail/manifest.yml --environment production --write',
      note: 'With what production overrides, into fleet.ts',
    },
  ],
  async run({ values, positionals: [path = ''], terminal, cwd }) {
    const text = await readText(resolve(cwd, path), path);
    const manifest = readManifest(text, { file: path, environment: values.environment });
    const worker = scaffoldName('worker', values.name ?? manifest.name);
    const job = scaffoldName('job', values.job ?? defaultJob(worker));
    const converted = convertManifest(manifest, { worker, job, slots: values.slots });
    check(path, worker, converted);
    const entry = entryText(worker, converted.queue, converted.service);
    if (values.write) {
      const loaded = await loadFleet({ cwd, path: values.fleet });
      if ([...loaded.fleet.services, ...loaded.fleet.queues].some((each) => each.name === worker))
        throw new LongshoreError(
          'invalid_options',
          `Cannot import "${path}": the fleet has "${worker}" already; give another name with --name`,
          { details: { worker } },
        );
      await using prepared = await prepareEntry(loaded, worker, entry);
      await prepared.commit();
    }
    const { queue, service, notes } = converted;
    if (values.json)
      terminal.json({ name: worker, queue, service, notCarriedOver: notes, written: values.write });
    else show(worker, entrySnippet(entry), converted, { terminal, isWritten: values.write });
    return EXIT_OK;
  },
});

async function readText(file: string, path: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new LongshoreError('invalid_options', `Cannot read "${path}": ${reason}`, {
      cause: error,
      details: { path },
    });
  });
}

/** The fleet's own check, before anybody pastes the entry. */
function check(path: string, worker: string, { queue, service }: ConvertedManifest): void {
  const parsed = parseFleet({ name: 'import', queues: { [worker]: queue }, services: { [worker]: service } });
  if (parsed.ok) return;
  throw new LongshoreError(
    'invalid_options',
    `Cannot import "${path}", since a fleet would refuse it: ${parsed.error.message}`,
    { cause: parsed.error, details: parsed.error.details },
  );
}

function show(
  worker: string,
  snippet: string,
  { notes }: ConvertedManifest,
  { terminal, isWritten }: { readonly terminal: Terminal; readonly isWritten: boolean },
): void {
  const { style } = terminal;
  if (isWritten) terminal.write(`Added the service ${style.bold(worker)} to the fleet file\n\n`);
  terminal.data.write(`${snippet}\n`);
  if (notes.length > 0) {
    terminal.write(`\n${style.bold('Not carried over')}\n`);
    for (const { field, value, reason } of notes)
      terminal.write(
        `  ${style.yellow(field)}${value === '' ? '' : style.dim(` ${value}`)}\n    ${reason}\n`,
      );
  }
  terminal.write(
    `\nNext: write ${style.cyan(`services/${worker}/src/main.ts`)}, or keep the handler you have (docs/moving-in.md)\n`,
  );
}
