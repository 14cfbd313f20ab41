/** `longshore dlq redrive`: sends dead jobs back to their queue. */
import { queueNamed } from '@longshore/fleet';
import { LongshoreError } from '@longshore/job';
import type { DeadLetter, RedriveResult } from '@longshore/queue';
import { FLEET_OPTION, defineCommand, type Command } from '../command.ts';
import { confirm } from '../confirm.ts';
import { isSelected, lettersTable } from '../dead-letters.ts';
import { EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK } from '../exit-code.ts';
import { loadFleet } from '../load-fleet.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** Letters shown before the question; the rest is counted. */
const MAX_SHOWN = 20;

/** The command. */
export const redriveCommand: Command = defineCommand({
  name: 'redrive',
  summary: 'Send dead jobs back to their queue',
  description: [
    'A job sent back starts its attempts afresh. It is sent first and taken from the dead-letter queue afterwards: interrupted in between it is there twice, never lost.',
    'On a terminal it shows the jobs and asks first. Anywhere else it needs --yes.',
  ],
  positionals: [{ name: 'queue', description: 'Queue of the fleet', completes: 'queues' }],
  options: {
    job: { type: 'text', placeholder: 'name', description: 'Only this job', completes: 'jobs' },
    code: { type: 'text', description: 'Only letters with this code' },
    id: { type: 'text', multiple: true, description: 'Only this job or message, by its whole id' },
    limit: { type: 'integer', short: 'n', min: 1, description: 'At most this many' },
    'dry-run': { type: 'boolean', description: 'Show what would be sent back, and change nothing' },
    yes: { type: 'boolean', short: 'y', description: 'Do not ask' },
    fleet: FLEET_OPTION,
  },
  examples: [
    { command: 'longshore dlq redrive pdf-extraction --dry-run', note: 'What would be sent back' },
    {
      command: 'longshore dlq redrive pdf-extraction --code attempts_exhausted --yes',
      note: 'All that ran out of attempts',
    },
    {
      command: 'longshore dlq redrive pdf-extraction --limit 5',
      note: 'Five first, to see whether they fail again',
    },
  ],
  async run({ values, positionals: [name = ''], terminal, env, cwd }) {
    const { job, code, id: ids, limit, yes, 'dry-run': dryRun } = values;
    if (!dryRun && !yes && !terminal.isInteractive) {
      throw new LongshoreError(
        'invalid_options',
        'Cannot ask whether to redrive without a terminal: add --yes, or --dry-run to look first',
      );
    }
    const { fleet, path } = await loadFleet({ cwd, path: values.fleet });
    queueNamed(fleet, name);
    const [{ connect }, { redrive }] = await Promise.all([
      import('../local/connection.ts'),
      import('@longshore/queue'),
    ]);
    await using connection = await connect({ fleet, fleetPath: path, env });
    const both = { from: connection.opened.deadLetters(name), to: connection.opened.queue(name) };
    const most = limit === undefined ? {} : { limit };
    const preview = await redrive({
      ...both,
      ...most,
      dryRun: true,
      select: (letter) => isSelected(letter, { job, code, ids }),
    });
    assertFound(ids, preview.letters, name, limit);
    if (dryRun || preview.letters.length === 0)
      return report(preview, { name, dryRun, json: values.json, terminal });
    if (!yes) {
      showLetters(preview.letters, terminal);
      const answer = await confirm(`Send ${jobs(preview.letters.length)} back to ${name}?`, terminal);
      if (answer === 'interrupted') return EXIT_INTERRUPTED;
      if (answer === 'no') {
        terminal.write('Nothing was changed\n');
        return EXIT_OK;
      }
    }
    // Only what was shown: other letters may have come while the question stood.
    const chosen = new Set(preview.letters.map((letter) => letter.messageId));
    const result = await redrive({ ...both, select: ({ messageId }) => chosen.has(messageId) });
    return report(result, { name, dryRun, json: values.json, terminal });
  },
});

function assertFound(
  ids: readonly string[],
  letters: readonly DeadLetter[],
  queue: string,
  limit: number | undefined,
): void {
  const missing = ids.filter((id) => !letters.some((letter) => isSelected(letter, { ids: [id] })));
  if (missing.length === 0 || limit !== undefined) return;
  const names = missing.map((id) => `"${id}"`).join(', ');
  throw new LongshoreError(
    'invalid_options',
    `No dead letter ${names} in ${queue}: give whole ids as "longshore dlq list ${queue} --json" shows them`,
    {
      details: { queue, ids: missing },
    },
  );
}

interface Report {
  readonly name: string;
  readonly dryRun: boolean;
  readonly json: boolean;
  readonly terminal: Terminal;
}

function report(result: RedriveResult, { name, dryRun, json, terminal }: Report): number {
  const { moved, skipped, failed, letters } = result;
  if (json) terminal.json({ queue: name, dryRun, moved, skipped, failed, letters });
  else if (letters.length === 0) terminal.write(`Nothing to send back to ${name}\n`);
  else if (dryRun) {
    terminal.data.write(lettersTable(letters, Date.now(), terminal.data));
    terminal.write(
      `\n${jobs(letters.length)} would be sent back to ${name}, ${skipped} would stay; nothing was changed\n`,
    );
  } else {
    const rest = failed === 0 ? '' : `; ${failed} could not be sent and stay dead, run it again`;
    terminal.write(`${jobs(moved)} sent back to ${name}${rest}\n`);
  }
  return failed === 0 ? EXIT_OK : EXIT_FAILED;
}

function showLetters(letters: readonly DeadLetter[], terminal: Terminal): void {
  terminal.write(lettersTable(letters.slice(0, MAX_SHOWN), Date.now(), terminal));
  if (letters.length > MAX_SHOWN)
    terminal.write(terminal.style.dim(`and ${letters.length - MAX_SHOWN} more\n`));
  terminal.write('\n');
}

function jobs(count: number): string {
  return `${count} ${count === 1 ? 'job' : 'jobs'}`;
}
