/** The processes target against the conformance suite: real child processes, killed for real. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LongshoreError, sleep, systemClock } from '@longshore/job';
import { vi } from 'vitest';
import { describeTarget, type OpenTarget } from '../conformance/index.ts';
import { processesTarget } from './processes-target.ts';
import type { ProcessTask } from './task.ts';

const WORKER = fileURLToPath(new URL('fixtures/worker.ts', import.meta.url));
const SERVICES = ['mail', 'bulk'] as const;
const WAIT = { timeout: 20_000, interval: 5 };

async function open(): Promise<OpenTarget> {
  const folder = mkdtempSync(join(tmpdir(), 'longshore-processes-'));
  const startsOf = (service: string): string => join(folder, `${service}-starts`);
  const target = processesTarget({
    commandFor: (service) => ({
      command: process.execPath,
      args: [WORKER, `mark=${startsOf(service)}`, `jobs=${folder}`],
    }),
    onLine: () => {},
  });
  const live = (service: string): ProcessTask[] =>
    target.tasks().filter((task) => task.service === service && task.state !== 'exited');
  const find = (id: string): ProcessTask | undefined => target.tasks().find((task) => task.id === id);
  const pidOf = (id: string): number => {
    const pid = find(id)?.pid;
    if (pid === undefined) throw new Error(`Task ${id} has no process`);
    return pid;
  };
  const hasReported = (id: string, busy: number): Promise<void> =>
    vi.waitFor(() => {
      const task = find(id);
      if (task?.state === 'running' && task.busy !== busy) throw new Error(`${id} has ${task.busy} jobs`);
    }, WAIT);
  return {
    target,
    services: SERVICES,
    tasks: async (service) => live(service).map(({ id }) => id),
    started: async (service) =>
      existsSync(startsOf(service)) ? readFileSync(startsOf(service), 'utf8').split('\n').length - 1 : 0,
    makeBusy: async (_service, id) => {
      writeFileSync(join(folder, String(pidOf(id))), '');
      await hasReported(id, 1);
    },
    makeIdle: async (_service, id) => {
      const pid = find(id)?.pid;
      if (pid === undefined) return;
      rmSync(join(folder, String(pid)), { force: true });
      await hasReported(id, 0);
    },
    kill: async (_service, id) => {
      process.kill(pidOf(id), 'SIGKILL');
    },
    settle: () => sleep(5),
    nowMs: () => systemClock.nowMs(),
    reopen: () =>
      Promise.reject(
        new LongshoreError('unsupported', 'Its processes end with the target that started them'),
      ),
    close: async () => {
      await target.stop({ deadlineMs: 0 });
      rmSync(folder, { recursive: true });
    },
  };
}

describeTarget({
  name: 'processesTarget',
  open,
  skips: {
    unknownService: 'processesTarget takes every name: commandFor says at each start how to run it',
    secondTarget: 'processes leave with the target that started them',
  },
});
