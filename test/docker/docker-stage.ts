/**
 * A real engine for tests: a project of its own, containers that do as they are told, and nothing of it left at the end.
 * What it says about containers it has from the engine directly, not from the target under test.
 */
import { randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  mkdirSync,
} from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ContainerSpec, WorkerReports } from '@longshore/autoscaler/docker';

/** What an engine says about a container, as far as tests ask. */
export interface Inspection {
  readonly Id: string;
  readonly Name: string;
  readonly Config: {
    readonly Hostname: string;
    readonly Labels: Readonly<Record<string, string>>;
    readonly Env: readonly string[];
    readonly StopTimeout?: number;
  };
  readonly HostConfig: { readonly Memory: number; readonly NanoCpus: number };
  readonly State: {
    readonly Status: string;
    readonly StartedAt: string;
    readonly Pid: number;
    readonly ExitCode: number;
  };
  readonly NetworkSettings: {
    readonly Networks: Readonly<Record<string, { readonly Aliases: string[] | null }>>;
  };
}

interface Report {
  readonly service: string;
  readonly host: string;
  readonly state: 'running' | 'draining';
  readonly busySlots: number;
  readonly startedAtMs: number;
  readonly atMs: number;
}

export const IMAGE = 'longshore/task:test';
const SOCKET = '/var/run/docker.sock';
const TASK = fileURLToPath(new URL('fixture-task.ts', import.meta.url));
const SILENT_AFTER_MS = 5_000;

/** A call to the engine; throws what it answers when it refuses. */
export function engine(method: string, path: string, body?: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const sent = request({ socketPath: SOCKET, method, path, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      response.once('end', () => {
        if ((response.statusCode ?? 500) >= 400) reject(new Error(`${method} ${path}: ${text}`));
        else resolve(text === '' ? undefined : JSON.parse(text));
      });
    });
    sent.once('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** A project, its folder and its containers. */
export class DockerStage implements AsyncDisposable {
  readonly project: string = `longshore-test-${randomUUID().slice(0, 8)}`;
  readonly folder: string = mkdtempSync(join(tmpdir(), 'longshore-docker-'));

  constructor() {
    for (const name of ['jobs', 'reports']) mkdirSync(join(this.folder, name));
  }

  /** How to run a service here. */
  spec(service: string, ...words: readonly string[]): ContainerSpec {
    return {
      image: IMAGE,
      command: ['/task.ts', service, ...words],
      labels: { longshore: 'test' },
      mounts: [
        { source: TASK, target: '/task.ts', isReadOnly: true },
        { source: this.folder, target: '/stage' },
      ],
    };
  }

  readonly workers: WorkerReports = {
    of: () => undefined,
    workers: (service) =>
      this.#reports()
        .filter((report) => report.service === service)
        .map((report) => ({ ...report, isAnswering: Date.now() - report.atMs < SILENT_AFTER_MS })),
  };

  /** Containers of the service, or of the whole project, oldest first. */
  async containers(service?: string): Promise<readonly Inspection[]> {
    const label = [
      `com.docker.compose.project=${this.project}`,
      ...(service === undefined ? [] : [`com.docker.compose.service=${service}`]),
    ];
    const filters = encodeURIComponent(JSON.stringify({ label }));
    const listed = (await engine('GET', `/containers/json?all=true&filters=${filters}`)) as { Id: string }[];
    const found = await Promise.all(
      listed.map(({ Id }) => engine('GET', `/containers/${Id}/json`).catch(() => undefined)),
    );
    return (found as (Inspection | undefined)[])
      .filter((each) => each !== undefined)
      .toSorted((a, b) => Date.parse(a.State.StartedAt) - Date.parse(b.State.StartedAt));
  }

  async live(service: string): Promise<readonly Inspection[]> {
    return (await this.containers(service)).filter(({ State: { Status } }) => Status === 'running');
  }

  /** Starts of the service's process. */
  started(service: string): number {
    const file = join(this.folder, `${service}-starts`);
    return existsSync(file) ? readFileSync(file, 'utf8').split('\n').length - 1 : 0;
  }

  /** Busy or idle, as the host's last report has it. */
  busyOn(host: string): number | undefined {
    return this.#reports().find((report) => report.host === host)?.busySlots;
  }

  giveJob(host: string): void {
    writeFileSync(join(this.folder, 'jobs', host), '');
  }

  takeJob(host: string): void {
    rmSync(join(this.folder, 'jobs', host), { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { Id } of await this.containers())
      await engine('DELETE', `/containers/${Id}?force=true&v=true`).catch(() => undefined);
    rmSync(this.folder, { recursive: true, force: true });
  }

  #reports(): readonly Report[] {
    const folder = join(this.folder, 'reports');
    return readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Report);
  }
}
