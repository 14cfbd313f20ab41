/** A PostgreSQL of its own for one test, in a temporary folder, reached over a Unix socket. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Debian keeps each major version in a folder of its own. */
const PROGRAMS = globSync('/usr/lib/postgresql/*/bin').at(-1) ?? '';
/** PostgreSQL refuses to run as root: then it runs as Debian's `nobody`. */
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;
const identity = isRoot ? { uid: NOBODY, gid: NOBODY } : {};

/** Starts a server; `host` is the folder of its socket, the user is `longshore`. Settings given here win. */
export async function startPostgres(
  more: readonly string[] = [],
): Promise<{ readonly host: string } & AsyncDisposable> {
  const host = await mkdtemp(join(tmpdir(), 'longshore-pg-'));
  if (isRoot) await chown(host, NOBODY, NOBODY);
  const data = join(host, 'data');
  const options = { ...identity, cwd: host, stdio: 'pipe' } as const;
  execFileSync(join(PROGRAMS, 'initdb'), ['-D', data, '-U', 'longshore', '-A', 'trust', '-N'], options);
  const settings = ['fsync=off', 'listen_addresses=', `unix_socket_directories=${host}`, ...more];
  const args = ['-D', data, ...settings.flatMap((setting) => ['-c', setting])];
  const server = spawn(join(PROGRAMS, 'postgres'), args, options);
  await new Promise<void>((resolve, reject) => {
    let output = '';
    server.stderr.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (output.includes('ready to accept connections')) resolve();
    });
    server.once('exit', () => reject(new Error(`postgres has ended: ${output}`)));
  });
  return {
    host,
    async [Symbol.asyncDispose]() {
      const exited = once(server, 'exit');
      server.kill('SIGQUIT');
      await exited;
      await rm(host, { recursive: true, force: true });
    },
  };
}
