/** `longshore worker`: one worker of a service, in the foreground. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { dirname, resolve } from 'node:path';
import { serviceNamed } from '@longshore/fleet';
import { FLEET_OPTION, defineCommand, type Command } from '../command.ts';
import { EXIT_FAILED, EXIT_OK } from '../exit-code.ts';
import { loadFleet } from '../load-fleet.ts';

/** The command. */
export const worker: Command = defineCommand({
  name: 'worker',
  summary: 'Run one worker of a service in the foreground',
  description: [
    'Ctrl-C or SIGTERM drains it: it finishes or gives back what it holds within the drain time of the fleet file. A second Ctrl-C kills it; its jobs are delivered again when their leases run out.',
    'The exit code is that of the worker: 0 drained, 1 failed while running, 2 wrong settings or fleet, 128 + n ended by signal n. Its log goes to stderr.',
  ],
  positionals: [{ name: 'service', description: 'Service of the fleet', completes: 'services' }],
  options: { fleet: FLEET_OPTION },
  examples: [
    {
      command: 'longshore worker pdf-extraction',
      note: 'On the local fleet, or the one that LONGSHORE_OBJECTS names',
    },
    { command: 'LONGSHORE_LOG_LEVEL=debug longshore worker indexing', note: 'With every detail in the log' },
  ],
  async run({ values, positionals: [name = ''], terminal, env, cwd }) {
    const { fleet, path } = await loadFleet({ cwd, path: values.fleet });
    const service = serviceNamed(fleet, name);
    const { connect } = await import('../local/connection.ts');
    await using connection = await connect({ fleet, fleetPath: path, env });
    const folder = dirname(path);
    const child = spawn(process.execPath, [resolve(folder, service.entry)], {
      cwd: folder,
      env: { ...env, ...connection.env },
      // The channel lets the worker notice when this process dies, so that it never runs on unseen.
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      // Its own process group, or Ctrl-C would reach it twice: from the terminal and from here.
      detached: true,
    });
    if (!values.json)
      terminal.write(terminal.style.dim(`Worker of ${name}, process ${child.pid}; Ctrl-C drains it\n`));
    const code = await exitCode(child);
    if (values.json) terminal.json({ service: name, exitCode: code });
    return code;
  },
});

/** Waits for the worker's end; the first signal drains it, a second one kills it. */
async function exitCode(child: ChildProcess): Promise<number> {
  let asked = false;
  const forward = (signal: NodeJS.Signals): void => {
    child.kill(asked ? 'SIGKILL' : signal);
    asked = true;
  };
  process.on('SIGINT', forward);
  process.on('SIGTERM', forward);
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    if (signal !== null) return 128 + constants.signals[signal];
    return code ?? (asked ? EXIT_OK : EXIT_FAILED);
  } finally {
    process.off('SIGINT', forward);
    process.off('SIGTERM', forward);
  }
}
