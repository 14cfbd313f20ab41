/** A PostgreSQL of its own for a measurement, on a free port of the loopback interface, in a temporary folder. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, globSync } from 'node:fs';
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';

/** A running server. */
export interface PostgresServer {
  /** Of a database, which is the caller's to create; default `postgres`. */
  url(database?: string): string;
  /** A pool on a new, empty database. */
  database(): Promise<pg.Pool & { readonly url: string }>;
  stop(): Promise<void>;
}

/** Debian keeps each major version in a folder of its own. */
const PROGRAMS = globSync('/usr/lib/postgresql/*/bin').at(-1) ?? '/usr/lib/postgresql/15/bin';
/** `nobody` of Debian: PostgreSQL refuses to run as root. */
const NOBODY = 65_534;
const AS_NOBODY = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--'];

/** Starts one, with the user `longshore`. */
export async function startPostgres(): Promise<PostgresServer> {
  const folder = await mkdtemp(join(tmpdir(), 'longshore-postgres-'));
  await chmod(folder, 0o755);
  if (process.getuid?.() === 0) await chown(folder, NOBODY, NOBODY);
  const data = join(folder, 'data');
  const init = start(
    'initdb',
    ['-D', data, '-U', 'longshore', '-A', 'trust', '-N', '-E', 'UTF8', '--locale=C'],
    folder,
  );
  const output = outputOf(init);
  const [code] = (await once(init, 'close')) as [number | null];
  if (code !== 0) throw new Error(`initdb ended with ${String(code)}: ${output()}`);
  const port = await freePort();
  const settings = ['fsync=off', 'listen_addresses=localhost', `unix_socket_directories=${folder}`];
  const args = ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])];
  const server = start('postgres', args, folder);
  await readiness(server);
  const url = (database = 'postgres'): string => `postgres://longshore@localhost:${port}/${database}`;
  let databases = 0;
  return {
    url,
    async database() {
      databases += 1;
      const name = `warehouse_${databases}`;
      const admin = new pg.Client({ connectionString: url() });
      await admin.connect();
      await admin.query(`CREATE DATABASE ${name}`);
      await admin.end();
      const pool = new pg.Pool({ connectionString: url(name), max: 4 });
      // The server's end is the end of its connections.
      pool.on('error', () => undefined);
      return Object.assign(pool, { url: url(name) });
    },
    stop: async () => {
      const closed = once(server, 'close');
      // An immediate shutdown: the data goes away anyway.
      server.kill('SIGQUIT');
      await closed;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function start(program: string, args: readonly string[], cwd: string): ChildProcess {
  const path = join(PROGRAMS, program);
  try {
    accessSync(path, constants.X_OK);
  } catch (cause) {
    throw new Error(`This measurement needs ${path}: install the Debian package postgresql`, { cause });
  }
  const [command, all] =
    process.getuid?.() === 0 ? ['setpriv', [...AS_NOBODY, path, ...args]] : [path, [...args]];
  return spawn(command, all, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
}

async function readiness(server: ChildProcess): Promise<void> {
  const output = outputOf(server);
  await new Promise<void>((resolve, reject) => {
    const look = (): void => {
      if (output().includes('database system is ready to accept connections')) resolve();
    };
    server.stderr?.on('data', look);
    server.once('close', (code) => reject(new Error(`postgres ended with ${String(code)}: ${output()}`)));
  });
}

function outputOf(child: ChildProcess): () => string {
  let text = '';
  const add = (chunk: Buffer): void => {
    text = (text + chunk.toString()).slice(-20_000);
  };
  child.stdout?.on('data', add);
  child.stderr?.on('data', add);
  return () => text;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
