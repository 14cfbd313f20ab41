/** `longshore dlq redrive`: sends dead jobs back to their queue. */
import { queueNamed } from '@longshore/fleet';
import { FLEET_OPTION, defineCommand, type Command } from '../command.ts';
import { EXIT_OK } from '../exit-code.ts';
import { loadFleet } from '../load-fleet.ts';

/** The command. */
export const redriveCommand: Command = defineCommand({
  name: 'redrive',
  summary: 'Send dead jobs back to their queue',
  description: [
    'A job sent back starts its attempts afresh. It is sent first and taken from the dead-letter queue afterwards: interrupted in between it is there twice, never lost.',
    'On a terminal it asks first. Anywhere else it needs --yes.',
  ],
  positionals: [{ name: 'queue', description: 'Queue of the fleet', completes: 'queues' }],
  options: {
    job: { type: 'text', placeholder: 'name', description: 'Only this job', completes: 'jobs' },
    code: { type: 'text', description: 'Only letters with this code' },
    id: { type: 'text', multiple: true, description: 'Only this job or message' },
    limit: { type: 'integer', short: 'n', min: 1, description: 'At most this many' },
    'dry-run': { type: 'boolean', description: 'Show what would be sent back, and change nothing' },
    yes: { type: 'boolean', short: 'y', description: 'Do not ask' },
    fleet: FLEET_OPTION,
  },
  examples: [
    { command: 'longshore dlq redrive pdf-extraction --dry-run', note: 'What would be sent back' },
    {
      command: 'longshore dlq redrive pdf-extraction --code handler_timeout --yes',
      note: 'All that ran out of time',
    },
    {
      command: 'longshore dlq redrive pdf-extraction --limit 5',
      note: 'Five first, to see whether they fail again',
    },
  ],
  async run({ values, positionals: [name = ''], cwd }) {
    const { fleet } = await loadFleet({ cwd, path: values.fleet });
    queueNamed(fleet, name);
    return EXIT_OK;
  },
});
