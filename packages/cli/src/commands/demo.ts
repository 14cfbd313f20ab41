/** `longshore demo`: the whole document fleet on this machine. */
import { defineCommand, FLEET_OPTION, type Command } from '../command.ts';
import { loadFleet } from '../load-fleet.ts';

/** The command. */
export const demoCommand: Command = defineCommand({
  name: 'demo',
  summary: 'Run the document fleet on this machine',
  description: [
    'Starts an SQS-compatible endpoint (or a Redis server, for BullMQ) and the autoscaler, stores and enqueues the PDFs, and follows each one until it is searchable or has failed with a reason. Workers are separate processes; they come and go with the backlog.',
    'What the fleet knows lies in .longshore beside the fleet file (or where LONGSHORE_STATE says). A second run does no work twice; deleting the folder starts afresh.',
  ],
  positionals: [
    {
      name: 'path',
      description: 'PDF files, or folders of them (default: the samples)',
      isOptional: true,
      isRest: true,
      completes: 'files',
    },
  ],
  options: {
    once: { type: 'boolean', description: 'End after the run, without a search prompt' },
    queue: {
      type: 'text',
      description: 'What the queues are: sqs (default) or bullmq, for which redis-server must be installed',
      choices: ['sqs', 'bullmq'],
    },
    fleet: FLEET_OPTION,
  },
  examples: [
    { command: 'longshore demo', note: 'The sample documents' },
    { command: 'longshore demo --queue bullmq', note: 'The same workers, on BullMQ and Redis' },
    { command: 'longshore demo ~/Documents report.pdf', note: 'Your own files' },
    {
      command: 'longshore demo --once --json',
      note: 'For scripts: one line of JSON at the end, exit code 0 when nothing is lost',
    },
  ],
  async run({ values, positionals, terminal, env, cwd }) {
    const { demo } = await import('../demo/demo.ts');
    const { fleet, path } = await loadFleet({
      cwd,
      ...(values.fleet === undefined ? {} : { path: values.fleet }),
    });
    return demo({
      fleet,
      fleetPath: path,
      paths: positionals,
      once: values.once,
      json: values.json,
      terminal,
      env: values.queue === undefined ? env : { ...env, LONGSHORE_QUEUE: values.queue },
      cwd,
    });
  },
});
