/** Runs a program to its end and keeps what it wrote. No shell is involved; arguments arrive as they are given. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the repository. */
export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url));

/** A program and its arguments. */
export type CommandLine = readonly [program: string, ...args: string[]];

/** How a program ended. */
export interface Ended {
  /** 0 to 255; `null` when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What it wrote to stdout and stderr, in the order of arrival. */
  readonly output: string;
  readonly stdout: string;
}

interface RunOptions {
  /** Default: the root of the repository. */
  readonly cwd?: string;
  /** Default: the environment of this process. */
  readonly env?: NodeJS.ProcessEnv;
  /** Ends the program with SIGTERM. */
  readonly signal?: AbortSignal;
}

/** Resolves when the program has ended, however it ended. Rejects when it cannot be started. */
export function runProgram([program, ...args]: CommandLine, options: RunOptions = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd ?? ROOT,
      env: options.env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const stop = (): void => void child.kill('SIGTERM');
    options.signal?.addEventListener('abort', stop, { once: true });
    const chunks: { readonly stream: 'stdout' | 'stderr'; readonly bytes: Buffer }[] = [];
    child.stdout.on('data', (bytes: Buffer) => chunks.push({ stream: 'stdout', bytes }));
    child.stderr.on('data', (bytes: Buffer) => chunks.push({ stream: 'stderr', bytes }));
    child.once('error', reject);
    child.once('close', (code, signal) => {
      options.signal?.removeEventListener('abort', stop);
      const text = (parts: typeof chunks): string =>
        Buffer.concat(parts.map(({ bytes }) => bytes)).toString('utf8');
      resolve({
        code,
        signal,
        output: text(chunks),
        stdout: text(chunks.filter(({ stream }) => stream === 'stdout')),
      });
    });
  });
}

/** Like {@link runProgram}; throws with the whole output when the program fails. Resolves with its stdout. */
export async function mustRun(command: CommandLine, options: RunOptions = {}): Promise<string> {
  const { code, signal, output, stdout } = await runProgram(command, options);
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${String(code ?? signal)}\n${output}`);
  return stdout;
}

/** The command line of a program that a root dev dependency brings, run by this very Node.js. */
export function toolCommand(packageName: string, ...args: readonly string[]): CommandLine {
  const folder = join(ROOT, 'node_modules', packageName);
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    bin?: Record<string, string>;
  };
  const path = bin?.[basename(packageName)] ?? Object.values(bin ?? {})[0];
  if (path === undefined) throw new Error(`${packageName} brings no program`);
  return [process.execPath, join(folder, path), ...args];
}

/** The command line of the package manager that started this process, else of the one that the project uses. */
export function pnpmCommand(...args: readonly string[]): CommandLine {
  const current = process.env['npm_execpath'];
  if (current === undefined || !/^pnpm(?:\.c?js|\.exe)?$/.test(basename(current)) || !existsSync(current)) {
    return ['npx', '--yes', 'pnpm@12.21.0', ...args];
  }
  return current.endsWith('js') ? [process.execPath, current, ...args] : [current, ...args];
}
