/** `longshore dlq list`: what is dead, and why. */
import { queueNamed } from '@longshore/fleet';
import { FLEET_OPTION, defineCommand, type Command } from '../command.ts';
import { EXIT_OK } from '../exit-code.ts';
import { loadFleet } from '../load-fleet.ts';

/** The command. */
export const list: Command = defineCommand({
  name: 'list',
  summary: 'List the dead letters of a queue',
  description: [
    'Looking takes a letter out of sight for a moment, so a letter may be missing while somebody else looks at the same queue.',
  ],
  positionals: [{ name: 'queue', description: 'Queue of the fleet', completes: 'queues' }],
  options: {
    limit: {
      type: 'integer',
      short: 'n',
      default: 20,
      min: 1,
      max: 10_000,
      description: 'Most letters to show',
    },
    job: { type: 'text', placeholder: 'name', description: 'Only this job', completes: 'jobs' },
    code: { type: 'text', description: 'Only letters with this code' },
    fleet: FLEET_OPTION,
  },
  examples: [
    { command: 'longshore dlq list pdf-extraction', note: 'The dead letters with their reasons' },
    {
      command: `longshore dlq list pdf-extraction --json | jq -r '.letters[].code' | sort | uniq -c`,
      note: 'How many of each kind',
    },
  ],
  async run({ values, positionals: [name = ''], cwd }) {
    const { fleet } = await loadFleet({ cwd, path: values.fleet });
    queueNamed(fleet, name);
    return EXIT_OK;
  },
});
