/** `longshore dlq show`: one dead letter with its payload and attempts. */
import { queueNamed } from '@longshore/fleet';
import { FLEET_OPTION, defineCommand, type Command } from '../command.ts';
import { EXIT_OK } from '../exit-code.ts';
import { loadFleet } from '../load-fleet.ts';

/** The command. */
export const show: Command = defineCommand({
  name: 'show',
  summary: 'Show one dead letter with its payload and attempts',
  positionals: [
    { name: 'queue', description: 'Queue of the fleet', completes: 'queues' },
    { name: 'id', description: 'Job id or message id, or the start of one' },
  ],
  options: { fleet: FLEET_OPTION },
  examples: [{ command: 'longshore dlq show pdf-extraction 0199a7', note: 'The letter whose id starts so' }],
  async run({ values, positionals: [name = ''], cwd }) {
    const { fleet } = await loadFleet({ cwd, path: values.fleet });
    queueNamed(fleet, name);
    return EXIT_OK;
  },
});
