/** `longshore status`: sizes of the queues, once or every second. */
import { isLongshoreError, sleep } from '@longshore/job';
import type { Environment } from '@longshore/launch';
import { FLEET_OPTION, defineCommand, type Command } from '../command.ts';
import { EXIT_OK } from '../exit-code.ts';
import { plainStatus, readStatus, statusText, type FleetStatus } from '../fleet-status.ts';
import { listenForInterruption } from '../interruption.ts';
import { loadFleet, type LoadedFleet } from '../load-fleet.ts';
import type { Terminal } from '../terminal/terminal.ts';

const REFRESH_MS = 1_000;
const ENTER_SCREEN = '\u001B[?1049h\u001B[?25l';
const LEAVE_SCREEN = '\u001B[?25h\u001B[?1049l';
const HOME = '\u001B[H';
const CLEAR_TO_LINE_END = '\u001B[K';
const CLEAR_BELOW = '\u001B[0J';

/** The command. */
export const status: Command = defineCommand({
  name: 'status',
  summary: 'Show the queues and what works on them',
  description: [
    'Counts come from the queues and are approximate on SQS for up to a minute after the last send.',
  ],
  options: {
    watch: { type: 'boolean', short: 'w', description: 'Show them again every second until Ctrl-C' },
    fleet: FLEET_OPTION,
  },
  examples: [
    { command: 'longshore status', note: 'The queues now' },
    { command: 'longshore status --watch', note: 'Follow a fleet at work' },
    {
      command: `longshore status --json | jq '.queues[] | select(.deadLetters > 0)'`,
      note: 'Queues with dead letters',
    },
  ],
  async run({ values, terminal, env, cwd }) {
    const loaded = await loadFleet({ cwd, path: values.fleet });
    if (values.watch) return watch(loaded, env, terminal, values.json);
    const found = await look(loaded, env);
    if (values.json) terminal.json(found);
    else terminal.data.write(statusText(found, terminal.data));
    const dead = found.queues.find(({ deadLetters }) => deadLetters > 0);
    if (dead !== undefined && !values.json && terminal.isTerminal)
      terminal.write(terminal.style.dim(`\nWhy they are dead: longshore dlq list ${dead.name}\n`));
    return EXIT_OK;
  },
});

async function look({ fleet, path }: LoadedFleet, env: Environment): Promise<FleetStatus> {
  const { connect } = await import('../local/connection.ts');
  await using connection = await connect({ fleet, fleetPath: path, env });
  return await readStatus(fleet, connection);
}

/** Ctrl-C is how a watch ends, so it ends well. So does a reader that goes away. */
async function watch(
  loaded: LoadedFleet,
  env: Environment,
  terminal: Terminal,
  json: boolean,
): Promise<number> {
  using interruption = listenForInterruption();
  const signal = AbortSignal.any([interruption.signal, terminal.outputClosed]);
  const view = json
    ? jsonView(terminal)
    : terminal.data.isTerminal
      ? screenView(terminal)
      : plainView(terminal);
  try {
    let last: FleetStatus | undefined;
    while (!signal.aborted) {
      const found = await lookAgain(loaded, env, last);
      if (found !== undefined) view.show(found);
      last = found ?? last;
      await sleep(REFRESH_MS, { signal });
    }
  } finally {
    view.end();
  }
  return EXIT_OK;
}

/**
 * The status now, over a connection of its own: local fleets come and go while one watches. Where none runs, only the
 * first look opens its queues, because holding them would keep a fleet from starting.
 */
async function lookAgain(
  loaded: LoadedFleet,
  env: Environment,
  last: FleetStatus | undefined,
): Promise<FleetStatus | undefined> {
  try {
    if (last === undefined || (await isServed(loaded, env))) return await look(loaded, env);
    return { ...last, atMs: Date.now(), tasks: [] };
  } catch (error) {
    // A local fleet that just ended, or a queue out of reach for a moment: the next look tells.
    if (last === undefined || !isLongshoreError(error, 'queue_unavailable')) throw error;
    return undefined;
  }
}

async function isServed({ path }: LoadedFleet, env: Environment): Promise<boolean> {
  if (env['LONGSHORE_OBJECTS'] !== undefined) return true;
  const [{ findEndpoint }, { localState }] = await Promise.all([
    import('../local/endpoint.ts'),
    import('../local/state.ts'),
  ]);
  return (await findEndpoint(await localState(path, env))) !== undefined;
}

interface View {
  show(status: FleetStatus): void;
  end(): void;
}

function jsonView(terminal: Terminal): View {
  return { show: (found) => terminal.json(found), end: () => undefined };
}

function plainView({ data }: Terminal): View {
  return { show: (found) => data.write(plainStatus(found)), end: () => undefined };
}

/** The terminal's second screen, so that what stood there before comes back; the last state stays in the scrollback. */
function screenView({ data }: Terminal): View {
  let last = '';
  return {
    show(found) {
      const start = last === '' ? ENTER_SCREEN : '';
      last = statusText(found, data);
      const clock = data.style.dim(`${new Date(found.atMs).toLocaleTimeString()}   Ctrl-C ends`);
      const lines = `${last}\n${clock}`.replaceAll('\n', `${CLEAR_TO_LINE_END}\n`);
      data.write(`${start}${HOME}${lines}${CLEAR_TO_LINE_END}${CLEAR_BELOW}`);
    },
    end() {
      if (last !== '') data.write(`${LEAVE_SCREEN}${last}`);
    },
  };
}
