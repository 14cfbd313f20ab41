/** Tasks as child processes of this machine: SIGTERM and SIGKILL are real, and who exits has exited. */
import { spawn } from 'node:child_process';
import type { TaskBody } from './model.ts';
import type { TaskHandle } from './world.ts';

export interface ProcessCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** For {@link WorldOptions.body}; `commandFor` may hand the task the URI of its agent. */
export function processTasks(
  commandFor: (handle: TaskHandle) => ProcessCommand,
): (handle: TaskHandle) => TaskBody {
  return (handle) => {
    const { command, args, env } = commandFor(handle);
    const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: 'ignore' });
    child.once('error', () => handle.exit(127));
    child.once('exit', (code, signal) => handle.exit(code ?? (signal === 'SIGKILL' ? 137 : 143)));
    return {
      stop: () => void child.kill('SIGTERM'),
      kill: () => void child.kill('SIGKILL'),
    };
  };
}
