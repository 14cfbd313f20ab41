/** Commands on a fleet, as processes, over a real SQS-compatible endpoint: the local fleet's own, or one of the environment. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { deadLetterMessage } from '@longshore/queue';
import { startSqsEndpoint } from '@longshore/sqs-endpoint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadFleet } from './load-fleet.ts';
import { connect, createLocalQueues } from './local/connection.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));

/** A worker that says where it was pointed, and ends as its environment says. */
const WORKER = `
console.log('worker of ' + process.env.LONGSHORE_SQS_ENDPOINT);
if (process.env.EXIT) process.exit(Number(process.env.EXIT));
process.on('SIGINT', () => process.exit(process.env.AT_SIGINT ?? 0));
process.on('SIGTERM', () => process.exit(0));
process.on('disconnect', () => process.exit(9));
setInterval(() => {}, 1000);
console.log('ready');
`;
const FLEET = `export default {
  name: 'post',
  queues: { mail: { jobs: ['send-mail'] } },
  services: {
    mail: { entry: './mail/main.mjs', queue: 'mail', slots: 1, cpuUnits: 256, memoryMiB: 512, scale: { max: 1 }, objective: { timeInQueue: '60s' } },
  },
};
`;
const JOBS = `const validate = (value) =>
  typeof value?.to === 'string' ? { value } : { issues: [{ message: 'expected text', path: ['to'] }] };
export const sendMail = { name: 'send-mail', version: 1, accepts: [], schema: { '~standard': { version: 1, vendor: 'test', validate } } };
`;

let folder: string;
let fresh = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'longshore-cli-'));
  await mkdir(join(folder, 'mail'));
  const files = {
    'package.json': '{"type":"module"}',
    'fleet.ts': FLEET,
    'mail/index.mjs': JOBS,
    'mail/main.mjs': WORKER,
  };
  for (const [path, text] of Object.entries(files)) await writeFile(join(folder, path), text);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Running {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly ended: Promise<{
    code: number | null;
    signal: NodeJS.Signals | null;
    stdout: string;
    stderr: string;
  }>;
}

/** Commands on a fleet that the environment names. */
async function servedFleet() {
  const server = await startSqsEndpoint();
  const endpoint = server.url;
  const { fleet } = await loadFleet({ cwd: folder });
  await createLocalQueues(fleet, endpoint);
  fresh += 1;
  const env = {
    LONGSHORE_SQS_ENDPOINT: endpoint,
    LONGSHORE_OBJECTS: pathToFileURL(join(folder, `objects-${fresh}`)).href,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  };
  return { ...newFleet(env), [Symbol.asyncDispose]: () => server.close() };
}

/** Commands on a fleet with a state of its own. */
function newFleet(settings: Readonly<Record<string, string>> = {}) {
  fresh += 1;
  const state = join(folder, `state-${fresh}`);
  const start = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Running => {
    const child = spawn(process.execPath, [MAIN, ...args], {
      cwd: folder,
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        LONGSHORE_STATE: state,
        ...settings,
        ...env,
      },
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const ended = once(child, 'close').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
      stdout,
      stderr,
    }));
    return { child, output: () => stdout + stderr, ended };
  };
  const run = (args: readonly string[], input = '') => {
    const running = start(args);
    running.child.stdin?.end(input);
    return running.ended;
  };
  const bury = async (burials: readonly { id: string; code: string; reason: string; body?: string }[]) => {
    const { fleet, path } = await loadFleet({ cwd: folder });
    await using connection = await connect({
      fleet,
      fleetPath: path,
      env: { LONGSHORE_STATE: state, ...settings },
    });
    await connection.opened.deadLetters('mail').send(
      burials.map(({ id, code, reason, body }) =>
        deadLetterMessage({
          ...(body === undefined ? { envelope: envelope(id, code, reason) } : { rawBody: body }),
          code,
          reason,
          queue: 'post-mail',
          host: 'host-1',
          atMs: Date.now(),
          maxBytes: 1_048_576,
          messageId: id,
        }),
      ),
    );
  };
  const counts = async () => {
    const { stdout } = await run(['status', '--json']);
    return (JSON.parse(stdout) as { queues: { backlog: number; delayed: number; deadLetters: number }[] })
      .queues[0];
  };
  return { start, run, bury, counts };
}

function envelope(id: string, code: string, reason: string) {
  const attempt = {
    receive: 1,
    kind: 'failed' as const,
    code,
    message: reason,
    stack: `Error: ${reason}\n    at handler (mail.ts:7:3)`,
    host: 'host-1',
    atMs: Date.now(),
  };
  return {
    id,
    name: 'send-mail',
    version: 1,
    payload: { to: 'Ada \u202E' },
    idempotencyKey: id,
    enqueuedAtMs: Date.now(),
    attempts: [attempt],
  };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
}

const lines = (text: string) => text.split('\n').filter((line) => line !== '');

describe('enqueue and status', () => {
  it('send one job from the command line, a file or stdin, and show it', async () => {
    const { run, counts } = newFleet();
    const one = await run(['enqueue', 'send-mail', '{"to":"ada"}']);
    expect(one).toMatchObject({ code: 0, stderr: '' });
    expect(one.stdout).toMatch(/^[0-9a-f-]{36}\n$/);
    await writeFile(join(folder, 'payload.json'), '\uFEFF{"to":"bob"}');
    const file = await run(['enqueue', 'send-mail', '--file', 'payload.json', '--id', 'mine', '--json']);
    expect(JSON.parse(file.stdout)).toEqual({ id: 'mine', job: 'send-mail' });
    expect(await run(['enqueue', 'send-mail', '-', '--delay', '10m'], '{"to":"eve"}')).toMatchObject({
      code: 0,
    });
    expect(await counts()).toMatchObject({ backlog: 2, delayed: 1 });
    const { stdout } = await run(['status']);
    expect(stdout).toMatch(/QUEUE +BACKLOG +IN FLIGHT +DELAYED +DEAD LETTERS\nmail +2 +0 +1 +0\n/);
  });

  it('send a job for each line, and say where to go on after a bad one', async () => {
    const { run, counts } = newFleet();
    const payloads = Array.from({ length: 250 }, (_, number) => JSON.stringify({ to: `n${number}` }));
    const all = await run(['enqueue', 'send-mail', '--lines', '-', '--json'], payloads.join('\n'));
    expect(all.code, all.stderr).toBe(0);
    expect(new Set(lines(all.stdout).map((line) => (JSON.parse(line) as { id: string }).id)).size).toBe(250);
    expect(all.stderr).toContain('250 jobs enqueued in');
    await writeFile(
      join(folder, 'lines.jsonl'),
      [...payloads.slice(0, 120), '{"to":7}', ...payloads.slice(120)].join('\n'),
    );
    const bad = await run(['enqueue', 'send-mail', '--lines', 'lines.jsonl']);
    expect(bad.code).toBe(2);
    expect(lines(bad.stdout)).toHaveLength(120);
    expect(bad.stderr).toContain('Line 121: ');
    expect(bad.stderr).toContain('120 jobs were enqueued before it, go on from line 121');
    expect(await counts()).toMatchObject({ backlog: 370 });
  });

  it('stop at Ctrl-C with what was read in the queue', async () => {
    const { start, counts } = newFleet();
    const running = start(['enqueue', 'send-mail', '--lines', '-']);
    const payloads = Array.from({ length: 105 }, () => '{"to":"ada"}\n').join('');
    running.child.stdin?.write(payloads);
    await until(() => lines(running.output()).length >= 100);
    running.child.kill('SIGINT');
    const { code, stdout, stderr } = await running.ended;
    expect(code).toBe(130);
    expect(stderr).toContain('Interrupted: 105 jobs enqueued');
    expect(stderr).toContain('go on from line 106');
    expect(lines(stdout)).toHaveLength(105);
    expect(await counts()).toMatchObject({ backlog: 105 });
  });

  it('watch line by line where no terminal is, until Ctrl-C', async () => {
    const { start } = newFleet();
    const running = start(['status', '--watch']);
    await until(() => lines(running.output()).length >= 2);
    running.child.kill('SIGINT');
    const { code, stdout } = await running.ended;
    expect(code).toBe(0);
    for (const line of lines(stdout))
      expect(line).toMatch(/^\d{4}-\S+Z mail backlog=0 inFlight=0 delayed=0 deadLetters=0 tasks=0$/);
  });

  it('watch until their reader goes away', async () => {
    const { start } = newFleet();
    const running = start(['status', '--watch', '--json']);
    await once(running.child.stdout as NodeJS.ReadableStream, 'data');
    running.child.stdout?.destroy();
    expect(await running.ended).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('dlq', () => {
  const burials = [
    { id: '019ab3c2-0001-7000-8000-000000000001', code: 'corrupt', reason: 'No header\u001B[2J found' },
    { id: '019ab3c2-0002-7000-8000-000000000002', code: 'attempts_exhausted', reason: 'Mail server said no' },
    { id: '019ab3c2-0003-7000-8000-000000000003', code: 'attempts_exhausted', reason: 'Mail server said no' },
    { id: 'raw', code: 'undecodable_message', reason: 'The message is no JSON', body: 'not {json' },
  ];

  it('lists letters with their reasons, for people and programs', async () => {
    await using served = await servedFleet();
    const { run, bury } = served;
    expect(await run(['dlq', 'list', 'mail'])).toMatchObject({
      code: 0,
      stdout: '',
      stderr: 'No dead letters in mail\n',
    });
    await bury(burials);
    const text = await run(['dlq', 'list', 'mail']);
    expect(text.code).toBe(0);
    expect(lines(text.stdout)).toHaveLength(5);
    expect(text.stdout).toContain('No header found');
    expect(text.stdout).toContain(burials[1]?.id);
    expect(text.stdout).toContain('not a job');
    expect(text.stdout).not.toContain('\u001B');
    const json = await run(['dlq', 'list', 'mail', '--code', 'attempts_exhausted', '--limit', '1', '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({
      queue: 'mail',
      total: 4,
      letters: [{ code: 'attempts_exhausted', jobName: 'send-mail' }],
    });
    const none = await run(['dlq', 'list', 'mail', '--job', 'other']);
    expect(none.stderr).toContain('like that among the 4');
  });

  it('shows one letter with attempts and payload, harmless to the terminal', async () => {
    await using served = await servedFleet();
    const { run, bury } = served;
    await bury(burials);
    const { code, stdout } = await run(['dlq', 'show', 'mail', '019ab3c2-0001…']);
    expect(code).toBe(0);
    for (const part of [
      'send-mail',
      burials[0]?.id,
      'Attempts (1)',
      'at handler (mail.ts:7:3)',
      '"to": "Ada',
    ])
      expect(stdout).toContain(part);
    // eslint-disable-next-line no-control-regex -- these are what must be gone
    expect(stdout).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u202E]/);
    const json = await run(['dlq', 'show', 'mail', burials[0]?.id ?? '', '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({
      code: 'corrupt',
      payload: { to: 'Ada \u202E' },
      attempts: [{ kind: 'failed' }],
    });
    const many = await run(['dlq', 'show', 'mail', '019ab3c2']);
    expect(many.code).toBe(2);
    expect(many.stderr).toContain('is the start of 3 ids');
    const none = await run(['dlq', 'show', 'mail', 'zzz']);
    expect(none.code).toBe(2);
    expect(none.stderr).toContain('longshore dlq list mail');
  });

  it('sends back only what is chosen, and nothing in a dry run or without --yes', async () => {
    await using served = await servedFleet();
    const { run, bury, counts } = served;
    await bury(burials);
    const dry = await run(['dlq', 'redrive', 'mail', '--dry-run', '--code', 'attempts_exhausted']);
    expect(dry.code, dry.stderr).toBe(0);
    expect(dry.stderr).toContain('2 jobs would be sent back to mail, 2 would stay; nothing was changed');
    const refused = await run(['dlq', 'redrive', 'mail']);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('add --yes');
    expect(await counts()).toMatchObject({ backlog: 0, deadLetters: 4 });
    const unknown = await run(['dlq', 'redrive', 'mail', '--id', '019ab3c2', '--yes']);
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain('give whole ids');
    const chosen = await run([
      'dlq',
      'redrive',
      'mail',
      '--code',
      'attempts_exhausted',
      '--limit',
      '1',
      '--yes',
      '--json',
    ]);
    expect(JSON.parse(chosen.stdout)).toMatchObject({
      moved: 1,
      failed: 0,
      letters: [{ code: 'attempts_exhausted' }],
    });
    expect(await counts()).toMatchObject({ backlog: 1, deadLetters: 3 });
    const byId = await run(['dlq', 'redrive', 'mail', '--id', burials[0]?.id ?? '', '--yes']);
    expect(byId).toMatchObject({ code: 0, stderr: '1 job sent back to mail\n' });
    expect(await run(['dlq', 'redrive', 'mail', '--job', 'other', '--yes'])).toMatchObject({
      code: 0,
      stderr: 'Nothing to send back to mail\n',
    });
    expect(await counts()).toMatchObject({ backlog: 2, deadLetters: 2 });
  });

  it('names the queues there are when it does not know one', async () => {
    const { code, stderr } = await newFleet().run(['dlq', 'list', 'mial']);
    expect(code).toBe(2);
    expect(stderr).toContain('"mail"');
  });
});

describe('worker', () => {
  it('runs the service on the fleet and ends with its exit code', async () => {
    const { start } = newFleet();
    const { code, stdout } = await start(['worker', 'mail'], { EXIT: '7' }).ended;
    expect(code).toBe(7);
    expect(stdout).toMatch(/worker of http:\/\/127\.0\.0\.1:\d+/);
  });

  it.each([['SIGINT'], ['SIGTERM']] as const)('passes %s on and waits for the drain', async (signal) => {
    const { start } = newFleet();
    const running = start(['worker', 'mail', '--json']);
    await until(() => running.output().includes('ready'));
    running.child.kill(signal);
    const { code, stdout } = await running.ended;
    expect(code).toBe(0);
    expect(JSON.parse(lines(stdout).at(-1) ?? '')).toEqual({ service: 'mail', exitCode: 0 });
  });

  it('does not outlive the command', async () => {
    const { start } = newFleet();
    const running = start(['worker', 'mail']);
    await until(() => /process \d+/.test(running.output()) && running.output().includes('ready'));
    const pid = Number(/process (\d+)/.exec(running.output())?.[1]);
    running.child.kill('SIGKILL');
    await running.ended;
    await until(() => !isAlive(pid));
    expect(isAlive(pid)).toBe(false);
  });

  it('names the services there are when it does not know one', async () => {
    const { code, stderr } = await newFleet().run(['worker', 'mial']);
    expect(code).toBe(2);
    expect(stderr).toContain('"mail"');
  });
});

describe('plan', () => {
  it('prices the fleet by the built-in list, or by one of the user', async () => {
    const { run } = newFleet();
    const { stdout, code } = await run(['plan', '--tasks', 'mail=3']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^mail +3 +256 +512$/mu);
    expect(stdout).toContain('Cheapest mix');
    const list = JSON.parse((await run(['plan', '--show-prices'])).stdout) as { instances: object[] };
    const own = { ...list, instances: list.instances.slice(0, 1) };
    await writeFile(join(folder, 'prices.json'), JSON.stringify(own));
    const planned = await run(['plan', '--json', '--prices', 'prices.json']);
    expect(JSON.parse(planned.stdout)).toMatchObject({ types: [{ type: 'c7i.large', instances: 1 }] });
  });

  it('refuses a list and counts that it cannot use, saying which', async () => {
    const { run } = newFleet();
    await writeFile(join(folder, 'bad-prices.json'), '{"asOf":"today"}');
    const list = await run(['plan', '--prices', 'bad-prices.json']);
    expect([list.code, list.stderr]).toEqual([2, expect.stringContaining('price list')]);
    const count = await run(['plan', '--tasks', 'mial=2']);
    expect([count.code, count.stderr]).toEqual([2, expect.stringContaining('"mial" is no service')]);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
