/** The program as a process, as a shell or a script meets it. */
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sqliteSearchIndex } from '@longshore/search/sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from './registry.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const ESCAPE = '\u001B';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'longshore-cli-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function longshore(
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string>; input?: string } = {},
): Promise<Run> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: options.cwd ?? folder,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...options.env },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  child.stdin.end(options.input ?? '');
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stdout, stderr })));
}

/** Writes files into a new project folder that nothing above it belongs to. */
async function project(files: Readonly<Record<string, string>>): Promise<string> {
  const root = await mkdtemp(join(folder, 'project-'));
  for (const [path, text] of Object.entries({ 'package.json': '{"type":"module"}', ...files })) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return root;
}

async function bash(script: string): Promise<string> {
  const child = spawn('bash', ['--norc', '-c', script], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return (await Array.fromAsync(child.stdout as AsyncIterable<Buffer>)).join('');
}

const FLEET = `export default {
  name: 'post',
  queues: { mail: { jobs: ['send-mail'] }, letters: { jobs: ['print-letter'] } },
  services: {
    mail: { entry: './mail/main.ts', queue: 'mail', slots: 1, cpuUnits: 256, memoryMiB: 512, scale: { max: 1 }, objective: { timeInQueue: '60s' } },
    letters: { entry: './mail/main.ts', queue: 'letters', slots: 1, cpuUnits: 256, memoryMiB: 512, scale: { max: 1 }, objective: { timeInQueue: '60s' } },
  },
};
`;
const JOBS = `const validate = (value) =>
  typeof value?.to === 'string' ? { value } : { issues: [{ message: 'expected text', path: ['to'] }] };
export const sendMail = { name: 'send-mail', version: 1, accepts: [], schema: { '~standard': { version: 1, vendor: 'test', validate } } };
`;

describe('help', () => {
  const paths = [
    ...COMMANDS.map(({ name }) => [name]),
    ['search', 'rebuild'],
    ['search', 'check'],
    ['dlq', 'list'],
    ['dlq', 'show'],
    ['dlq', 'redrive'],
    ['add', 'worker'],
    ['import', 'copilot'],
    ...['run', 'log', 'why', 'pin', 'unpin', 'pins'].map((name) => ['autoscaler', name]),
  ];

  it('of the program names every command and the exit codes', async () => {
    for (const args of [['--help'], ['-h'], ['help']]) {
      const { code, stdout, stderr } = await longshore(args);
      expect(code).toBe(0);
      expect(stderr).toBe('');
      for (const { name, summary } of COMMANDS) expect(stdout).toMatch(new RegExp(`${name} +${summary}`));
      expect(stdout).toContain('Exit codes');
    }
  });

  it.each(paths)('of %s %s shows usage, options and examples without escape codes', async (...words) => {
    const path = words.filter((word) => typeof word === 'string');
    const [flag, verb, json] = await Promise.all([
      longshore([...path, '--help']),
      longshore(['help', ...path]),
      longshore([...path, '--help', '--json']),
    ]);
    expect(flag).toEqual(verb);
    expect(flag.code).toBe(0);
    for (const part of ['Usage', `longshore ${path.join(' ')}`, '--json', '--help', 'Examples'])
      expect(flag.stdout).toContain(part);
    expect(flag.stdout).not.toContain(ESCAPE);
    for (const line of flag.stdout.split('\n')) expect(line).toBe(line.trimEnd());
    expect(JSON.parse(json.stdout)).toMatchObject({ command: `longshore ${path.join(' ')}` });
  });

  it('without a command goes to stderr and fails', async () => {
    const { code, stdout, stderr } = await longshore([]);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain('Commands');
  });

  it('of a command group alone names its commands', async () => {
    const { code, stderr } = await longshore(['dlq']);
    expect(code).toBe(2);
    expect(stderr).toContain('add one of list, show, redrive');
  });

  it('says the version', async () => {
    expect((await longshore(['--version'])).stdout).toMatch(/^longshore \d+\.\d+\.\d+\n$/);
    expect(JSON.parse((await longshore(['--version', '--json'])).stdout)).toMatchObject({
      node: process.version,
    });
  });
});

describe('the command table', () => {
  it('says the same before and after a command is loaded', async () => {
    for (const { name, summary, load } of COMMANDS) {
      const command = await load();
      expect([command.name, command.summary]).toEqual([name, summary]);
    }
  });
});

describe('a wrong call', () => {
  it.each([
    [['enqeue', 'x'], 'Unknown command "longshore enqeue", did you mean "enqueue"?'],
    [['nonsense'], 'known are demo, enqueue, search'],
    [['dlq', 'lst', 'mail'], 'Unknown command "longshore dlq lst", did you mean "list"?'],
    [['--jsn'], 'Unknown option "--jsn", did you mean "--json"?'],
    [['status', '--wach'], 'unknown option "--wach", did you mean "--watch"?'],
    [['search', 'report', '-draft'], 'quote the whole query'],
    [['enqueue'], '<job> is missing'],
    [['completion', 'tcsh'], '<shell> is "tcsh", expected bash, zsh, fish'],
    [['help', 'nonsense'], 'Unknown command'],
  ])('longshore %j exits 2 and says: %s', async (args, message) => {
    const { code, stdout, stderr } = await longshore(args);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(message);
    expect(stderr).toContain('[invalid_options]');
    expect(stderr).not.toContain(ESCAPE);
  });

  it('is one JSON object on stdout for programs', async () => {
    const { code, stdout, stderr } = await longshore(['serach', 'x', '--json']);
    expect(code).toBe(2);
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: 'invalid_options', details: { command: 'serach' } },
    });
  });
});

describe('the fleet file', () => {
  it('is missing: says where it was looked for and what to do', async () => {
    const root = await project({ 'deep/er/note.txt': '' });
    const { code, stderr } = await longshore(['status'], { cwd: join(root, 'deep/er') });
    expect(code).toBe(2);
    expect(stderr).toContain(`up to "${root}"`);
    expect(stderr).toContain('--fleet');
    expect(stderr).toContain('[invalid_fleet]');
  });

  it('is found from a folder below, but never outside the project', async () => {
    const root = await project({ 'fleet.ts': FLEET, 'deep/note.txt': '', 'other/.git/HEAD': '' });
    const below = await longshore(['completion', '--words', 'queues'], { cwd: join(root, 'deep') });
    expect(below).toMatchObject({ code: 0, stdout: 'mail\nletters\n' });
    const other = await longshore(['completion', '--words', 'queues'], { cwd: join(root, 'other') });
    expect(other.code).toBe(2);
  });

  it.each([
    ['no default export', 'export const fleet = 1;', 'has no default export'],
    ['a syntax error', 'export default {', 'Cannot load fleet file "fleet.ts"'],
    ['a throw', 'throw new Error("boom");', 'boom'],
    ['no fleet', 'export default 7;', 'Cannot use "fleet.ts"'],
    ['a mistyped key', FLEET.replace('queues:', 'queus:'), 'did you mean "queues"?'],
    [
      'lists that no check has seen',
      `export default { name: 'post', queues: [{ name: 'Mail', jobs: [], leaseMs: -1 }], services: [] };`,
      'Queue name is "Mail"',
    ],
    [
      'null lists',
      `export default { name: 'post', queues: [null], services: [null] };`,
      'Cannot use "fleet.ts"',
    ],
  ])('with %s is refused', async (_what, text, message) => {
    const root = await project({ 'fleet.ts': text });
    const { code, stderr } = await longshore(['completion', '--words', 'jobs'], { cwd: root });
    expect(code, stderr).toBe(2);
    expect(stderr).toContain(message);
    const json = await longshore(['completion', '--words', 'jobs', '--json'], { cwd: root });
    expect(JSON.parse(json.stdout)).toMatchObject({ error: { code: 'invalid_fleet' } });
  });

  it('may be given, made by defineFleet or plain', async () => {
    const root = await project({ 'post.ts': FLEET });
    expect(
      (await longshore(['completion', '--words', 'jobs', '--fleet', 'post.ts'], { cwd: root })).stdout,
    ).toBe('send-mail\nprint-letter\n');
    const repository = fileURLToPath(new URL('../../../fleet.ts', import.meta.url));
    expect((await longshore(['completion', '--words', 'services', '--fleet', repository])).stdout).toContain(
      'pdf-extraction\n',
    );
    const missing = await longshore(['completion', '--words', 'jobs', '--fleet', 'no.ts'], { cwd: root });
    expect(missing.code).toBe(2);
    expect(missing.stderr).toContain(join(root, 'no.ts'));
  });
});

describe('enqueue refuses before it connects', () => {
  it.each([
    [['send-mail', '{"to":'], 'is not JSON'],
    [['send-mail', '{"to":7}'], 'to: expected text'],
    [['send-mail', '{"__proto__":{}}'], '__proto__'],
    [['send-mial', '{}'], 'did you mean "send-mail"?'],
    [['print-letter', '{}'], 'No definition of job "print-letter": export it from'],
    [['send-mail'], 'No payload'],
    [['send-mail', '{}', '--file', 'x.json'], 'More than one payload'],
    [['send-mail', '--file', 'absent.json'], 'absent.json'],
    [['send-mail', '--lines', '-', '--id', 'x'], 'Cannot give all lines one id'],
    [['send-mail', '{"to":"a"}', '--delay', 'soon'], '--delay is "soon"'],
  ])('%j: %s', async (args, message) => {
    const root = await project({ 'fleet.ts': FLEET, 'mail/index.ts': JOBS });
    const { code, stdout, stderr } = await longshore(['enqueue', ...args], { cwd: root });
    expect(code, stderr).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(message);
  });
});

describe('search', () => {
  it('says what to do where there is no index', async () => {
    const root = await project({ 'fleet.ts': FLEET });
    const local = await longshore(['search', 'word'], { cwd: root });
    expect(local.code).toBe(1);
    expect(local.stderr).toContain('run "longshore demo" first');
    const named = await longshore(['search', 'word', '--json'], {
      env: { LONGSHORE_SEARCH_INDEX: join(root, 'no.db') },
    });
    expect(JSON.parse(named.stdout)).toMatchObject({
      error: { code: 'index_unavailable', details: { path: join(root, 'no.db') } },
    });
  });

  it('finds documents, shows where and why, and gives a hint where there are none', async () => {
    const path = join(folder, 'search.db');
    const index = await sqliteSearchIndex({ path });
    const page = (text: string) => [{ page: 3, text }];
    const document = { revision: 1, language: 'fr', source: 'docs/budget.pdf' };
    await index.bulk([
      {
        kind: 'put',
        document: {
          ...document,
          id: 'a',
          title: 'Budget',
          pages: page('Le budget avant les élections municipales'),
        },
      },
      {
        kind: 'put',
        document: {
          ...document,
          id: 'b',
          title: 'Rapport',
          language: 'en',
          pages: page('The annual election report'),
        },
      },
    ]);
    await index.close();
    const search = (...args: string[]) =>
      longshore(['search', ...args], { env: { LONGSHORE_SEARCH_INDEX: path } });
    const text = await search('election', '--language', 'fr');
    expect(text).toMatchObject({ code: 0, stderr: '' });
    expect(text.stdout).toContain('1  Budget\n   docs/budget.pdf · page 3 · fr\n');
    expect(text.stdout).toContain('«élections»');
    expect(JSON.parse((await search('election', '--json')).stdout)).toMatchObject({
      query: 'election',
      total: 2,
    });
    expect(
      await search('election -municipales', '--json').then(({ stdout }) => JSON.parse(stdout) as object),
    ).toMatchObject({ total: 1, hits: [{ id: 'b' }] });
    const none = await search('zebra');
    expect(none).toMatchObject({ code: 0, stdout: '' });
    expect(none.stderr).toContain('No document matches');
    const wrong = await search('-only', '--limit', '5', '--json');
    expect(wrong.code).toBe(2);
    expect(JSON.parse(wrong.stdout)).toMatchObject({ error: { code: 'invalid_options' } });
  });
});

describe('the shell', () => {
  it('gets colour only where it asks for it', async () => {
    const plain = await longshore(['--help']);
    const forced = await longshore(['--help'], { env: { FORCE_COLOR: '1' } });
    const refused = await longshore(['--help', '--no-color'], { env: { FORCE_COLOR: '1' } });
    expect(plain.stdout).not.toContain(ESCAPE);
    expect(forced.stdout).toContain(ESCAPE);
    expect(refused.stdout).toBe(plain.stdout);
  });

  it('may stop reading early without an error', async () => {
    const output = await bash(
      `set -o pipefail; for i in 1 2 3; do '${process.execPath}' '${MAIN}' completion bash; done 2>&1 | head -c 10; echo "|\${PIPESTATUS[0]}"`,
    );
    expect(output).toMatch(/\|0\n$/);
    expect(output).not.toContain('EPIPE');
  });

  it('fails when its output cannot be written', async () => {
    expect(await bash(`'${process.execPath}' '${MAIN}' --help > /dev/full 2> /dev/null; echo $?`)).toBe(
      '1\n',
    );
  });
});

describe('completion', () => {
  it.each(['bash', 'zsh', 'fish'])('has a script for %s that knows every command', async (shell) => {
    const { code, stdout } = await longshore(['completion', shell]);
    expect(code).toBe(0);
    for (const { name } of COMMANDS) expect(stdout).toContain(name);
    expect(stdout).toContain('redrive');
  });

  it('has a bash script that bash accepts', async () => {
    const script = join(folder, 'completion.bash');
    await writeFile(script, (await longshore(['completion', 'bash'])).stdout);
    expect(await bash(`bash -n '${script}' && echo accepted`)).toBe('accepted\n');
  });

  it.each([
    [
      '',
      [
        'demo',
        'enqueue',
        'search',
        'status',
        'dlq',
        'autoscaler',
        'simulate',
        'plan',
        'warehouse',
        'worker',
        'check',
        'init',
        'add',
        'import',
        'completion',
      ],
    ],
    ['s', ['search', 'status', 'simulate']],
    ['--v', ['--version']],
    ['status --w', ['--watch']],
    ['dlq ', ['list', 'show', 'redrive']],
    ['search ', ['rebuild', 'check']],
    ['search rebuild --f', ['--fleet']],
    ['dlq redrive --d', ['--dry-run']],
    ['completion ', ['bash', 'zsh', 'fish']],
    ['dlq list ', ['mail', 'letters']],
    ['dlq list --limit 3 m', ['mail']],
    ['worker l', ['letters']],
    ['autoscaler ', ['run', 'log', 'why', 'pin', 'unpin', 'pins']],
    ['autoscaler why m', ['mail']],
    ['simulate --service l', ['letters']],
    ['enqueue ', ['send-mail', 'print-letter']],
    ['enqueue send-mail --file fl', ['fleet.ts']],
    ['dlq list mail ', []],
  ])('completes "longshore %s" to %j in bash', async (line, expected) => {
    const root = await project({ 'fleet.ts': FLEET });
    const script = join(folder, 'complete.bash');
    await writeFile(script, (await longshore(['completion', 'bash'])).stdout);
    const words = ['longshore', ...line.split(' ')];
    const output = await bash(`
      cd '${root}'
      longshore() { '${process.execPath}' '${MAIN}' "$@"; }
      source '${script}'
      complete -p longshore > /dev/null || exit 1
      COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')})
      COMP_CWORD=${words.length - 1}
      _longshore
      printf '%s\\n' "\${COMPREPLY[@]}"`);
    expect(output.split('\n').filter((word) => word !== '')).toEqual(expected);
  });
});
