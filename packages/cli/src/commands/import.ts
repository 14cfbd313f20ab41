/** `longshore import`: services that other tools run now. */
import type { Command } from '../command.ts';
import { importCopilot } from './import-copilot.ts';

/** The command. */
export const importCommand: Command = {
  name: 'import',
  summary: 'Take over a service of another tool',
  subcommands: [importCopilot],
  examples: [
    {
      command: 'longshore import copilot copilot/mail/manifest.yml',
      note: 'A worker service of AWS Copilot',
    },
  ],
};
