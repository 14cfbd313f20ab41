/** The program of an operator: endpoints, attempts, replays, pings and links. `--help` lists its commands. */
import { operate } from './operator-command.ts';

process.exitCode = await operate(process.argv.slice(2), {
  env: process.env,
  out: (line) => process.stdout.write(`${line}\n`),
  err: (line) => process.stderr.write(`${line}\n`),
});
