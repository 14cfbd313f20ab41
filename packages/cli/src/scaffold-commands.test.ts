/** `init`, `add worker` and `import copilot` as a shell meets them. */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const MODULES = fileURLToPath(new URL('../../../node_modules', import.meta.url));

let root: string;
let folder: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'longshore-scaffold-'));
  await writeFile(join(root, '.git'), '');
  await symlink(MODULES, join(root, 'node_modules'));
});
beforeEach(async () => {
  folder = await mkdtemp(join(root, 'shop-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function longshore(...args: readonly string[]) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'] },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise<number | null>((resolve) => void child.once('close', resolve));
  return { code, stdout, stderr };
}

const read = (path: string): Promise<string> => readFile(join(folder, path), 'utf8');
const init = () => longshore('init', '--name', 'shop');

describe('longshore init', () => {
  it('writes a fleet that check has nothing to say against', async () => {
    const { code, stdout, stderr } = await init();
    expect({ code, lines: stdout.trim().split('\n') }).toMatchObject({
      code: 0,
      lines: expect.arrayContaining(['fleet.ts', 'services/words/src/main.ts']) as unknown,
    });
    expect(stderr).toContain('npm install');
    expect((await longshore('check', '--strict')).stdout).toContain('No faults, no warnings');
  });

  it('asks nobody where nobody can answer, and changes nothing', async () => {
    await writeFile(join(folder, 'fleet.ts'), 'mine');
    const { code, stderr } = await init();
    expect(code).toBe(2);
    expect(stderr).toContain('fleet.ts is there already');
    expect(await readdir(folder)).toEqual(['fleet.ts']);
    expect((await longshore('init', '--name', 'shop', '--force')).code).toBe(0);
    expect(await read('fleet.ts')).toContain("name: 'shop'");
  });

  it('says what it did as JSON', async () => {
    const { stdout } = await longshore('init', 'inner', '--worker', 'mail', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ name: 'inner', worker: 'mail', job: 'process-mail' });
    expect(await readdir(join(folder, 'inner/services/mail/src'))).toContain('process-mail.ts');
  });
});

describe('longshore add worker', () => {
  it('adds files and an entry that the fleet is read with', async () => {
    await init();
    const before = await read('fleet.ts');
    const { code, stdout } = await longshore('add', 'worker', 'thumbnails', '--job', 'make-thumbnail');
    expect(code).toBe(0);
    expect(stdout.trim().split('\n')).toEqual([
      'services/thumbnails/src/make-thumbnail.ts',
      'services/thumbnails/src/make-thumbnail.test.ts',
      'services/thumbnails/src/index.ts',
      'services/thumbnails/src/main.ts',
      'fleet.ts',
    ]);
    const after = await read('fleet.ts');
    const kept = after.split('\n').filter((line) => before.split('\n').includes(line));
    expect(kept.length).toBeGreaterThanOrEqual(before.split('\n').length);
    expect((await longshore('check')).stdout).toContain('shop: 2 services, 2 queues');
    expect((await readdir(folder)).filter((name) => name.startsWith('.fleet'))).toEqual([]);
  });

  it('only shows what it would do, when asked to', async () => {
    await init();
    const before = await read('fleet.ts');
    const { stderr } = await longshore('add', 'worker', 'thumbnails', '--dry-run');
    expect(stderr).toContain("thumbnails: { jobs: ['process-thumbnails'] },");
    expect(await read('fleet.ts')).toBe(before);
    expect(await readdir(join(folder, 'services'))).toEqual(['words']);
  });

  it.each([
    [['words'], 'has a service "words" already'],
    [['letters', '--job', 'count-words'], 'travels on the queue "words" already'],
    [['Thumb Nails'], 'try "thumb-nails"'],
    [['facts'], 'a queue of that name for its reports'],
    [['taken'], 'services/taken/src/main.ts is there already'],
    [[], 'name'],
  ])('refuses %j and changes nothing', async (args, says) => {
    await init();
    await mkdir(join(folder, 'services/taken/src'), { recursive: true });
    await writeFile(join(folder, 'services/taken/src/main.ts'), 'mine');
    const before = await read('fleet.ts');
    const { code, stderr } = await longshore('add', 'worker', ...args);
    expect(stderr).toContain(says);
    expect(code).toBe(2);
    expect(await read('fleet.ts')).toBe(before);
    expect(await read('services/taken/src/main.ts')).toBe('mine');
    expect((await readdir(join(folder, 'services'))).toSorted()).toEqual(['taken', 'words']);
  });

  it('knows what was meant', async () => {
    expect((await longshore('add', 'wroker', 'x')).stderr).toContain('did you mean "worker"');
  });

  it('shows what to paste into a fleet file that it does not understand', async () => {
    await init();
    const source = (await read('fleet.ts'))
      .replace('queues: {', 'queues: Object.freeze({')
      .replace('},\n  services', '}),\n  services');
    await writeFile(join(folder, 'fleet.ts'), source);
    const { code, stderr } = await longshore('add', 'worker', 'thumbnails');
    expect(code).toBe(2);
    expect(stderr).toContain(
      'its queues are not written out as { … }; add this to the fleet yourself [invalid_options]\nqueues: {',
    );
    expect(stderr).toContain("entry: './services/thumbnails/src/main.ts',");
    expect(await read('fleet.ts')).toBe(source);
    expect(await readdir(join(folder, 'services'))).toEqual(['words']);
    expect((await readdir(folder)).filter((name) => name.startsWith('.fleet'))).toEqual([]);
  });

  it('keeps a file whose entry would end up nowhere', async () => {
    await init();
    // What is exported is made of the first service alone.
    const source = (await read('fleet.ts')).replace(
      'export default fleet;',
      'const first = { ...fleet, queues: fleet.queues.slice(0, 1), services: fleet.services.slice(0, 1) };\nexport default first;',
    );
    await writeFile(join(folder, 'fleet.ts'), source);
    const { code, stderr } = await longshore('add', 'worker', 'thumbnails');
    expect(code).toBe(2);
    expect(stderr).toContain('the entry would not end up in the fleet; add this to the fleet yourself');
    expect(await read('fleet.ts')).toBe(source);
    expect(await readdir(join(folder, 'services'))).toEqual(['words']);
  });

  it('names the packages that the project still needs', async () => {
    await init();
    await writeFile(join(folder, 'package.json'), '{"type":"module","dependencies":{"zod":"4.6.7"}}');
    const { stderr } = await longshore('add', 'worker', 'thumbnails');
    expect(stderr).toContain(
      'npm install @longshore/job @longshore/launch @longshore/objects @longshore/queue @longshore/worker vitest',
    );
  });
});

const MANIFEST = `name: mail
type: Worker Service
cpu: 512
memory: 1024
count: { range: 1-10, queue_delay: { acceptable_latency: 10m, msg_processing_time: 250ms } }
variables: { LOG_LEVEL: info }
environments: { production: { count: { range: { min: 2, max: 40 } } } }
`;

describe('longshore import copilot', () => {
  beforeEach(() => writeFile(join(folder, 'manifest.yml'), MANIFEST));

  it('prints the entry as data, and what is left out as messages', async () => {
    const { code, stdout, stderr } = await longshore('import', 'copilot', 'manifest.yml');
    expect(code).toBe(0);
    expect(stdout).toContain('scale: { min: 1, max: 10 },');
    expect(stderr).toMatch(/Not carried over\n {2}variables\.LOG_LEVEL info\n {4}set it/);
    expect(await readdir(folder)).toEqual(['manifest.yml']);
  });

  it('puts the entry into the fleet file, once', async () => {
    await init();
    const args = ['import', 'copilot', 'manifest.yml', '--environment', 'production', '--write'];
    const { stdout } = await longshore(...args, '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      name: 'mail',
      written: true,
      service: { scale: { min: 2, max: 40 }, objective: { timeInQueue: '10m' } },
    });
    expect((await longshore('check')).stdout).toContain('shop: 2 services, 2 queues');
    const again = await longshore(...args);
    expect(again).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('has "mail" already') as unknown,
    });
  });

  it.each([
    ['a size', 'cpu: 64', 'cpuUnits'],
    ['a latency', 'count: { queue_delay: { acceptable_latency: 5d } }', 'timeInQueue'],
  ])('says of %s what a fleet would refuse', async (_what, fields, says) => {
    await writeFile(join(folder, 'manifest.yml'), `name: mail\ntype: Worker Service\n${fields}\n`);
    const { code, stderr } = await longshore('import', 'copilot', 'manifest.yml');
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining(says) as unknown });
  });

  it('says what it cannot read', async () => {
    expect((await longshore('import', 'copilot', 'none.yml')).stderr).toContain('Cannot read "none.yml"');
    expect((await longshore('import', 'copilot')).code).toBe(2);
  });
});
