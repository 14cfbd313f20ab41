/** `longshore completion`: a script for the shell, generated from the command table. */
import type { Fleet } from '@longshore/fleet';
import { FLEET_OPTION, defineCommand, type Command, type Completes } from '../command.ts';
import { completionScript, type Shell } from '../completion-script.ts';
import { EXIT_OK } from '../exit-code.ts';
import { loadFleet } from '../load-fleet.ts';
import { COMMANDS } from '../registry.ts';

type Words = Exclude<Completes, 'files'>;

/** The command. */
export const completion: Command = defineCommand({
  name: 'completion',
  summary: 'Print a completion script for your shell',
  description: [
    'Completes commands, options and their values, and names of queues, services and jobs of the fleet you are in.',
  ],
  usage: '<shell>',
  positionals: [
    { name: 'shell', description: 'Your shell', isOptional: true, choices: ['bash', 'zsh', 'fish'] },
  ],
  options: {
    words: {
      type: 'text',
      choices: ['queues', 'services', 'jobs'],
      description: 'Print these names of the fleet instead, a line each; the scripts ask for them',
    },
    fleet: FLEET_OPTION,
  },
  examples: [
    { command: 'source <(longshore completion bash)', note: 'Bash; put the line into ~/.bashrc to keep it' },
    { command: 'longshore completion zsh > "${fpath[1]}/_longshore"', note: 'Zsh; then start a new shell' },
    { command: 'longshore completion fish > ~/.config/fish/completions/longshore.fish', note: 'Fish' },
  ],
  async run({ values, positionals: [shell], terminal, cwd }) {
    if (values.words !== undefined) {
      const { fleet } = await loadFleet({ cwd, path: values.fleet });
      const words = fleetWords(fleet, values.words as Words);
      if (values.json) terminal.json({ words });
      else terminal.data.write(words.map((word) => `${word}\n`).join(''));
      return EXIT_OK;
    }
    const name = (shell ?? 'bash') as Shell;
    const script = completionScript(name, await Promise.all(COMMANDS.map(({ load }) => load())));
    if (values.json) terminal.json({ shell: name, script });
    else terminal.data.write(script);
    return EXIT_OK;
  },
});

function fleetWords(fleet: Fleet, words: Words): readonly string[] {
  switch (words) {
    case 'queues':
      return fleet.queues.map(({ name }) => name);
    case 'services':
      return fleet.services.map(({ name }) => name);
    case 'jobs':
      return fleet.queues.flatMap(({ jobs }) => jobs);
  }
}
