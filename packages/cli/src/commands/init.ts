/** `longshore init`: a new fleet in a folder. */
import { createFleet } from 'create-longshore';
import { defineCommand, type Command } from '../command.ts';
import { confirm } from '../confirm.ts';
import { EXIT_OK } from '../exit-code.ts';

/** The command. */
export const init: Command = defineCommand({
  name: 'init',
  summary: 'Start a fleet in a new folder',
  description: [
    'Writes a project with one worker: the fleet file, a job with its handler, a test, a Dockerfile. It installs, type-checks and passes its test as it is. `npm create longshore` does the same where nothing is installed yet.',
    'Files that are there with another content are replaced only after a question on a terminal, or by --force; else nothing is written.',
  ],
  positionals: [
    { name: 'folder', description: 'Where it goes (default: here)', isOptional: true, completes: 'files' },
  ],
  options: {
    name: { type: 'text', description: "Name of the fleet (default: the folder's)" },
    worker: { type: 'text', placeholder: 'name', description: 'Name of its first service (default: words)' },
    job: { type: 'text', placeholder: 'name', description: 'Name of the job of that service' },
    force: { type: 'boolean', description: 'Replace files that are there' },
  },
  examples: [
    { command: 'longshore init shop', note: 'A fleet called shop in the folder shop' },
    { command: 'longshore init --worker mail --job send-receipt', note: 'In this folder, with this worker' },
  ],
  async run({ values, positionals: [folder], terminal, cwd }) {
    const { name, worker, job, force } = values;
    const mayReplace = async (paths: readonly string[]): Promise<boolean> =>
      (await confirm(`Replace ${paths.join(', ')}?`, terminal)) === 'yes';
    const made = await createFleet({
      cwd,
      folder,
      name,
      worker,
      job,
      force,
      ...(terminal.isInteractive && !values.json ? { mayReplace } : {}),
    });
    if (values.json) {
      terminal.json({ ...made });
      return EXIT_OK;
    }
    const { style } = terminal;
    terminal.write(`Made the fleet ${style.bold(made.name)} in ${made.folder}\n`);
    for (const file of made.files) terminal.data.write(`${file}\n`);
    terminal.write(`\nNext\n${made.next.map((line) => `  ${style.cyan(line)}\n`).join('')}`);
    return EXIT_OK;
  },
});
