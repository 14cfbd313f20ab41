/** `longshore add`: parts that a fleet gets later. */
import type { Command } from '../command.ts';
import { addWorker } from './add-worker.ts';

/** The command. */
export const add: Command = {
  name: 'add',
  summary: 'Add a worker to the fleet',
  subcommands: [addWorker],
  examples: [
    { command: 'longshore add worker thumbnails', note: 'Its files, a test, its entry in fleet.ts' },
  ],
};
