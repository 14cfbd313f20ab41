/** `longshore check`: is the fleet file right, and does it ask for what can be? */
import { fleetWarnings, type Fleet } from '@longshore/fleet';
import { FLEET_OPTION, defineCommand, type Command } from '../command.ts';
import { EXIT_FAILED, EXIT_OK } from '../exit-code.ts';
import { loadFleet } from '../load-fleet.ts';

/** The command. */
export const check: Command = defineCommand({
  name: 'check',
  summary: 'Check the fleet file, and whether its objectives can be met',
  description: [
    'Faults end with exit code 2, each with its place and remedy. Warnings, such as a latency objective that no task can start in time for, end with 0, or with 1 under --strict.',
  ],
  options: {
    strict: { type: 'boolean', description: 'Exit with 1 when there are warnings' },
    fleet: FLEET_OPTION,
  },
  examples: [
    { command: 'longshore check', note: 'The fleet file of this folder' },
    { command: 'longshore check --strict --json', note: 'For a pipeline' },
  ],
  async run({ values, terminal, cwd }) {
    const { fleet } = await loadFleet({ cwd, path: values.fleet });
    const warnings = fleetWarnings(fleet);
    if (values.json) {
      terminal.json({
        fleet: fleet.name,
        services: fleet.services.length,
        queues: fleet.queues.length,
        warnings,
      });
    } else {
      terminal.data.write(`${headline(fleet)}\n`);
      for (const { message } of warnings) terminal.data.write(`Warning: ${message}\n`);
      if (warnings.length === 0) terminal.data.write('No faults, no warnings\n');
    }
    return values.strict && warnings.length > 0 ? EXIT_FAILED : EXIT_OK;
  },
});

function headline({ name, services, queues }: Fleet): string {
  const counted = (count: number, one: string): string => (count === 1 ? `1 ${one}` : `${count} ${one}s`);
  return `${name}: ${counted(services.length, 'service')}, ${counted(queues.length, 'queue')}`;
}
