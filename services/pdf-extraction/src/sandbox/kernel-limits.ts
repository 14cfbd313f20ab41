/** What the kernel holds a program to, by the tools of util-linux; where they are missing, the program runs as it is. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Program and arguments. */
export interface LaunchCommand {
  readonly program: string;
  readonly args: readonly string[];
}

/** Where util-linux lies; the worker's own `PATH` is not asked, so that no other program can take its place. */
const DEFAULT_SEARCH_PATH = ['/usr/bin', '/bin', '/usr/sbin', '/sbin'].join(delimiter);

/**
 * The command within limits, which are options of prlimit(1). It also gets no new privileges, and is killed with its worker,
 * even in an endless loop.
 */
export function withKernelLimits(
  command: LaunchCommand,
  limits: readonly string[],
  searchPath: string = DEFAULT_SEARCH_PATH,
): LaunchCommand {
  const prlimit = find('prlimit', searchPath);
  const setpriv = find('setpriv', searchPath);
  const [program = command.program, ...args] = [
    ...(prlimit === undefined ? [] : [prlimit, ...limits, '--']),
    ...(setpriv === undefined ? [] : [setpriv, '--pdeathsig', 'KILL', '--no-new-privs', '--']),
    command.program,
    ...command.args,
  ];
  return { program, args };
}

function find(program: string, searchPath: string): string | undefined {
  if (process.platform !== 'linux') return undefined;
  return searchPath
    .split(delimiter)
    .map((folder) => join(folder, program))
    .find((path) => existsSync(path));
}
