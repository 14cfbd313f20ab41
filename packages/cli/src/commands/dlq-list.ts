/** `longshore dlq list`: what is dead, and why. */
import { queueNamed } from '@longshore/fleet';
import { FLEET_OPTION, defineCommand, type Command } from '../command.ts';
import { isSelected, lettersTable, MAX_LETTERS } from '../dead-letters.ts';
import { EXIT_OK } from '../exit-code.ts';
import { loadFleet } from '../load-fleet.ts';

/** The command. */
export const list: Command = defineCommand({
  name: 'list',
  summary: 'List the dead letters of a queue',
  description: [
    'Looking takes letters out of sight for a moment, so some may be missing while somebody else looks at the same queue.',
  ],
  positionals: [{ name: 'queue', description: 'Queue of the fleet', completes: 'queues' }],
  options: {
    limit: {
      type: 'integer',
      short: 'n',
      default: 20,
      min: 1,
      max: MAX_LETTERS,
      description: 'Most letters to show',
    },
    job: { type: 'text', placeholder: 'name', description: 'Only this job', completes: 'jobs' },
    code: { type: 'text', description: 'Only letters with this code' },
    fleet: FLEET_OPTION,
  },
  examples: [
    { command: 'longshore dlq list pdf-extraction', note: 'The dead letters with their reasons' },
    {
      command: `longshore dlq list pdf-extraction --json -n 1000 | jq -r '.letters[].code' | sort | uniq -c`,
      note: 'How many of each kind',
    },
  ],
  async run({ values, positionals: [name = ''], terminal, env, cwd }) {
    const { fleet, path } = await loadFleet({ cwd, path: values.fleet });
    queueNamed(fleet, name);
    const [{ connect }, { listDeadLetters }] = await Promise.all([
      import('../local/connection.ts'),
      import('@longshore/queue'),
    ]);
    await using connection = await connect({ fleet, fleetPath: path, env });
    const queue = connection.opened.deadLetters(name);
    const { limit, job, code } = values;
    const isFiltered = job !== undefined || code !== undefined;
    const found = await listDeadLetters(queue, { limit: isFiltered ? MAX_LETTERS : limit });
    const letters = found.filter((letter) => isSelected(letter, { job, code })).slice(0, limit);
    const counts = await queue.counts();
    const total = Math.max(letters.length, counts.backlog + counts.inFlight);
    if (values.json) {
      terminal.json({ queue: name, total, letters });
      return EXIT_OK;
    }
    if (letters.length === 0) {
      terminal.write(
        `No dead letters${isFiltered && total > 0 ? ` like that among the ${total}` : ''} in ${name}\n`,
      );
      return EXIT_OK;
    }
    terminal.data.write(lettersTable(letters, Date.now(), terminal.data));
    if (terminal.isTerminal) terminal.write(terminal.style.dim(hints(name, letters.length, total)));
    return EXIT_OK;
  },
});

function hints(queue: string, shown: number, total: number): string {
  const more = total > shown ? [`${shown} of ${total} dead letters; more with --limit`] : [];
  const next = [
    `One in full:  longshore dlq show ${queue} <id>`,
    `Send back:    longshore dlq redrive ${queue} --dry-run`,
  ];
  return ['', ...more, ...next].map((line) => `${line}\n`).join('');
}
