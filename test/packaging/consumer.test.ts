/** Uses the packages as people get them: packed, without sources, each with the dependencies that it names. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mustRun, runProgram, toolCommand } from '../check/run-program.ts';
import { linkConsumer, linkPackages, linkTools } from './consumer.ts';
import { startWorker } from './scaffolded-worker.ts';
import { packPackages, type PackedPackage } from './pack-packages.ts';

/** A build and a package manager run here, on a machine that runs other tests, too. */
const PACKING_MS = 180_000;

const FIXTURES = fileURLToPath(new URL('fixtures', import.meta.url));

/** Doors that nobody needs to install a peer for. */
const OF_EVERYBODY = [
  'job',
  'objects',
  'objects/memory',
  'objects/fs',
  'queue',
  'queue/memory',
  'once',
  'once/memory',
  'once/objects',
  'once/postgres',
  'once/redis',
  'worker',
  'search',
  'search/sqlite',
  'fleet',
  'autoscaler',
  'autoscaler/processes',
  'webhooks',
];

let folder: string;
let packages: readonly PackedPackage[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'longshore-consumer-'));
  // All packages: the command references all but the one for receivers of webhooks.
  await mustRun(toolCommand('typescript', '-b', 'packages/cli', 'packages/webhooks'));
  packages = await packPackages(join(folder, 'packed'));
}, PACKING_MS);

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function consumer(name: string, options: { readonly peers: boolean }): Promise<string> {
  const home = join(folder, name);
  await linkConsumer(home, packages, options);
  await cp(FIXTURES, home, { recursive: true });
  return home;
}

/** Runs a fixture with plain Node.js, as the project's own code would run. It prints its result among its logs. */
async function output(home: string, fixture: string, ...args: readonly string[]): Promise<unknown> {
  const stdout = await mustRun([process.execPath, fixture, ...args], { cwd: home });
  return JSON.parse(/^RESULT (.*)$/m.exec(stdout)?.[1] ?? 'null');
}

const doorsOf = (packed: PackedPackage): string[] =>
  Object.keys(packed.manifest.exports).map((door) => `${packed.name}${door.slice(1)}`);

async function exportsHere(doors: readonly string[]): Promise<unknown> {
  const modules = await Promise.all(
    doors.map(async (door) => [door, (await import(door)) as object] as const),
  );
  return Object.fromEntries(modules.map(([door, module]) => [door, Object.keys(module).toSorted()]));
}

describe('The packed packages', () => {
  it('export through every door what the sources export', async () => {
    const home = await consumer('with-peers', { peers: true });
    // A conformance suite is a set of vitest tests: it can only be imported by vitest.
    const doors = packages.flatMap(doorsOf).filter((door) => !door.endsWith('/conformance'));
    expect(await output(home, 'import-doors.mjs', ...doors)).toEqual(await exportsHere(doors));
  });

  it('need none of their optional peers for what is not a driver', async () => {
    const home = await consumer('without-peers', { peers: false });
    const doors = OF_EVERYBODY.map((door) => `@longshore/${door}`);
    expect(await output(home, 'import-doors.mjs', ...doors)).toEqual(await exportsHere(doors));
  });

  it('carry a job from its enqueueing to its completion', async () => {
    const home = await consumer('program', { peers: false });
    expect(await output(home, 'run-job.mjs')).toEqual({
      name: 'Ada',
      left: expect.objectContaining({ backlog: 0, inFlight: 0 }) as unknown,
    });
  });

  it('bring a longshore command that knows its version and its commands', async () => {
    const home = await consumer('command', { peers: true });
    const cli = packages.find(({ name }) => name === '@longshore/cli');
    const program = join(home, 'node_modules/@longshore/cli', cli?.manifest.bin?.['longshore'] ?? '');
    expect(await mustRun([process.execPath, program, '--version'], { cwd: home })).toContain(
      cli?.manifest.version,
    );
    expect(await mustRun([process.execPath, program, '--help'], { cwd: home })).toContain('Usage');
    expect((await runProgram([process.execPath, program, 'no-such-command'], { cwd: home })).code).toBe(2);
  });

  // Needs the package registry, which a laptop on a train has not; CI always has.
  it.runIf(process.env['CI'] !== undefined && process.env['CI'] !== '')(
    'are installed by npm, with what they depend on',
    async () => {
      const home = join(folder, 'by-npm');
      await cp(FIXTURES, home, { recursive: true });
      const dependencies = Object.fromEntries(packages.map(({ name, tarball }) => [name, `file:${tarball}`]));
      await writeFile(
        join(home, 'package.json'),
        JSON.stringify({ private: true, type: 'module', dependencies }),
      );
      await mustRun(['npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'], {
        cwd: home,
      });
      await output(home, 'import-doors.mjs', '@longshore/launch', '@longshore/cli', '@longshore/worker');
      expect(await output(home, 'run-job.mjs')).toMatchObject({ name: 'Ada' });
    },
    PACKING_MS,
  );
});

describe('A fleet of create-longshore', () => {
  const program = (home: string, name: string, bin: string): string =>
    join(home, 'node_modules', name, packages.find((each) => each.name === name)?.manifest.bin?.[bin] ?? '');

  /** Without what this very test run tells its own processes. */
  const ENV = { ...process.env, NO_COLOR: '1', VITEST: undefined, VITEST_POOL_ID: undefined };

  interface Manifest {
    readonly dependencies: Readonly<Record<string, string>>;
    readonly devDependencies: Readonly<Record<string, string>>;
  }
  const manifestOf = async (home: string): Promise<Manifest> =>
    JSON.parse(await readFile(join(home, 'package.json'), 'utf8')) as Manifest;

  /** Makes a fleet with two workers, as a person would, but for the registry. */
  async function scaffold(name: string): Promise<string> {
    const starter = await consumer(`${name}-starter`, { peers: false });
    const home = join(folder, name);
    await mustRun([
      process.execPath,
      program(starter, 'create-longshore', 'create-longshore'),
      home,
      '--name',
      'shop',
    ]);
    return home;
  }

  /** Its own checks and tests, then jobs of both its workers on the embedded endpoint. */
  async function expectUsable(
    home: string,
    run: (tool: string, ...args: string[]) => Promise<string>,
  ): Promise<void> {
    await run('longshore', 'add', 'worker', 'thumbnails', '--job', 'make-thumbnail');
    expect(await run('tsc')).toBe('');
    expect(await run('vitest', 'run')).toMatch(/4 passed/);
    expect(await run('longshore', 'check', '--strict')).toContain('No faults, no warnings');
    for (const [worker, job] of [
      ['words', 'count-words'],
      ['thumbnails', 'make-thumbnail'],
    ] as const) {
      await run('longshore', 'enqueue', job, '{"id":"first","text":"three small words"}');
      await using running = startWorker(home, program(home, '@longshore/cli', 'longshore'), worker);
      expect(await running.result(`${worker}/first.json`)).toEqual({ id: 'first', words: 3 });
      expect(await running.stop()).toBe(0);
    }
    const status = JSON.parse(await run('longshore', 'status', '--json')) as unknown;
    expect(JSON.stringify(status)).toContain('"backlog":0');
  }

  it(
    'type-checks, passes its tests and runs its workers',
    async () => {
      const home = await scaffold('shop');
      const { dependencies, devDependencies } = await manifestOf(home);
      await linkPackages(home, packages, { peers: false });
      await linkTools(
        home,
        Object.keys({ ...dependencies, ...devDependencies }).filter(
          (name) => !packages.some((packed) => packed.name === name),
        ),
      );
      await expectUsable(home, async (tool, ...args) =>
        mustRun(
          tool === 'longshore'
            ? [process.execPath, program(home, '@longshore/cli', 'longshore'), ...args]
            : toolCommand(tool === 'tsc' ? 'typescript' : tool, ...args),
          { cwd: home, env: ENV },
        ),
      );
    },
    PACKING_MS,
  );

  it.runIf(process.env['CI'] !== undefined && process.env['CI'] !== '')(
    'is installed by npm, and works likewise',
    async () => {
      const home = await scaffold('shop-by-npm');
      const { dependencies, devDependencies, ...rest } = await manifestOf(home);
      const ours = Object.fromEntries(packages.map(({ name, tarball }) => [name, `file:${tarball}`]));
      const { '@longshore/cli': _cli, ...tools } = devDependencies;
      await writeFile(
        join(home, 'package.json'),
        JSON.stringify({ ...rest, dependencies: { ...dependencies, ...ours }, devDependencies: tools }),
      );
      await mustRun(['npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'], {
        cwd: home,
      });
      await expectUsable(home, async (tool, ...args) =>
        mustRun([process.execPath, join(home, 'node_modules/.bin', tool), ...args], { cwd: home, env: ENV }),
      );
    },
    PACKING_MS,
  );
});
