/** `longshore dlq`: dead letters. Receives from dead-letter queues only, never from a live one. */
import type { Command } from '../command.ts';
import { list } from './dlq-list.ts';
import { redriveCommand } from './dlq-redrive.ts';
import { show } from './dlq-show.ts';

/** The command. */
export const dlq: Command = {
  name: 'dlq',
  summary: 'Look into dead-letter queues and send jobs back',
  description: [
    'A job is dead when its attempts are used up or when it can never succeed. It keeps its payload, its attempts and the reason.',
  ],
  subcommands: [list, show, redriveCommand],
  examples: [
    { command: 'longshore dlq list pdf-extraction', note: 'What is dead, and why' },
    { command: 'longshore dlq redrive pdf-extraction --dry-run', note: 'What would be sent back' },
  ],
};
