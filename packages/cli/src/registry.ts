/**
 * Every command by name. Names and summaries stand here, so that `longshore --help` loads no command; a test holds them
 * equal to what the commands say.
 */
import type { Command } from './command.ts';

/** A command that is not loaded yet. */
export interface RegisteredCommand {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<Command>;
}

/** The commands, in the order of the help text. */
export const COMMANDS: readonly RegisteredCommand[] = [
  {
    name: 'demo',
    summary: 'Run the document fleet on this machine',
    load: async () => (await import('./commands/demo.ts')).demoCommand,
  },
  {
    name: 'enqueue',
    summary: 'Send jobs to their queues',
    load: async () => (await import('./commands/enqueue.ts')).enqueue,
  },
  {
    name: 'search',
    summary: 'Find documents by the words in them',
    load: async () => (await import('./commands/search.ts')).search,
  },
  {
    name: 'status',
    summary: 'Show the queues and what works on them',
    load: async () => (await import('./commands/status.ts')).status,
  },
  {
    name: 'dlq',
    summary: 'Look into dead-letter queues and send jobs back',
    load: async () => (await import('./commands/dlq.ts')).dlq,
  },
  {
    name: 'autoscaler',
    summary: 'Scale a fleet, see why it has so many tasks, pin their number',
    load: async () => (await import('./commands/autoscaler.ts')).autoscaler,
  },
  {
    name: 'simulate',
    summary: 'Try scaling policies on past or made-up arrivals',
    load: async () => (await import('./commands/simulate.ts')).simulateCommand,
  },
  {
    name: 'plan',
    summary: 'Show the instances that the fleet needs, and what they cost',
    load: async () => (await import('./commands/plan.ts')).plan,
  },
  {
    name: 'warehouse',
    summary: 'Prepare, fill and check the PostgreSQL warehouse',
    load: async () => (await import('./commands/warehouse.ts')).warehouse,
  },
  {
    name: 'worker',
    summary: 'Run one worker of a service in the foreground',
    load: async () => (await import('./commands/worker.ts')).worker,
  },
  {
    name: 'check',
    summary: 'Check the fleet file, and whether its objectives can be met',
    load: async () => (await import('./commands/check.ts')).check,
  },
  {
    name: 'init',
    summary: 'Start a fleet in a new folder',
    load: async () => (await import('./commands/init.ts')).init,
  },
  {
    name: 'add',
    summary: 'Add a worker to the fleet',
    load: async () => (await import('./commands/add.ts')).add,
  },
  {
    name: 'import',
    summary: 'Take over a service of another tool',
    load: async () => (await import('./commands/import.ts')).importCommand,
  },
  {
    name: 'completion',
    summary: 'Print a completion script for your shell',
    load: async () => (await import('./commands/completion.ts')).completion,
  },
];
