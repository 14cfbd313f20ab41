/** `longshore autoscaler`: what the autoscaler decided and why, and an operator's hand on the count. */
import type { Command } from '../command.ts';
import { log } from './autoscaler-log.ts';
import { pin, pins, unpin } from './autoscaler-pin.ts';
import { run } from './autoscaler-run.ts';
import { why } from './autoscaler-why.ts';

/** The command. */
export const autoscaler: Command = {
  name: 'autoscaler',
  summary: 'Scale a fleet, see why it has so many tasks, pin their number',
  description: [
    'Decisions are read from the ledger that LONGSHORE_LEDGER names. Pins lie in the object store of the fleet, and end by themselves.',
  ],
  subcommands: [run, log, why, pin, unpin, pins],
  examples: [
    { command: 'longshore autoscaler why pdf-extraction', note: 'Why it has the tasks that it has' },
    { command: 'longshore autoscaler log --last 1h', note: 'Every change of the last hour' },
    {
      command: 'longshore autoscaler pin pdf-extraction 10 --until 18:00 --reason "launch day"',
      note: 'Ten tasks until six',
    },
  ],
};
