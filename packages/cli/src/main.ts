#!/usr/bin/env node
/** The `longshore` program: gives the command line its process, and the process its exit code. */
import { enableCompileCache } from 'node:module';
import { sep } from 'node:path';

// Compiled code is kept between runs: `--help` answers in 70 ms instead of 160. Covers what is imported after it.
enableCompileCache();
const [{ runCli }, { EXIT_FAILED }, { createTerminal }] = await Promise.all([
  import('./cli.ts'),
  import('./exit-code.ts'),
  import('./terminal/terminal.ts'),
]);

const args = process.argv.slice(2);
const { FORCE_COLOR: _forced, ...uncoloured } = process.env;
const end = args.indexOf('--');
const isUncoloured = (end === -1 ? args : args.slice(0, end)).includes('--no-color');
const env = isUncoloured ? { ...uncoloured, NO_COLOR: '1' } : process.env;

const terminal = createTerminal({
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  env,
  onWriteError(error) {
    process.stderr.write(`error Cannot write the output: ${error.message}\n`);
    process.exit(EXIT_FAILED);
  },
});

// A command may wait for a thread or a socket that does not hold the process by itself.
const alive = setInterval(() => undefined, 60_000);
const code = await runCli({ args, terminal, env, cwd: callersFolder() });
clearInterval(alive);
// Clients may hold sockets open; the answer is complete, so the process ends once it is written.
await Promise.all(
  [process.stdout, process.stderr].map((stream) => new Promise((resolve) => stream.write('', resolve))),
);
process.exit(code);

/**
 * The folder that the person is in. A package manager runs the repository's `longshore` and `demo` scripts in the
 * package's folder and leaves the person's in `INIT_CWD`; a process that merely inherits that variable is not meant.
 */
function callersFolder(): string {
  const { INIT_CWD: initial, npm_lifecycle_event: script } = process.env;
  const cwd = process.cwd();
  const isScript = script === 'longshore' || script === 'demo';
  return isScript && initial?.startsWith(`${cwd}${sep}`) === true ? initial : cwd;
}
