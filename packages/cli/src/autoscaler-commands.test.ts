/** `longshore autoscaler` and `longshore simulate` as processes, on a real ledger and a real object store. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decide, EMPTY_HISTORY, ledgerSink, scalingSpec, type ScalingRecord } from '@longshore/autoscaler';
import { parseFleet } from '@longshore/fleet';
import { sqliteLedger } from '@longshore/ledger/sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const service = {
  entry: './mail.ts',
  queue: 'mail',
  slots: 2,
  cpuUnits: 256,
  memoryMiB: 512,
  scale: { max: 10 },
  objective: { timeInQueue: '60s' },
};
const FLEET = {
  name: 'post',
  queues: { mail: { jobs: ['send-mail'] } },
  services: { mail: service, letters: service },
};

let folder: string;
let ledgerPath: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'longshore-autoscaler-'));
  ledgerPath = join(folder, 'ledger.db');
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  await writeFile(join(folder, 'fleet.ts'), `export default ${JSON.stringify(FLEET)};\n`);
  await writeFile(join(folder, 'load.csv'), 'timestamp,count\n0,600\n60,660\n120,540\n180,600\n');
  await using ledger = sqliteLedger({ path: ledgerPath });
  await ledgerSink(ledger).append(decisions(Date.now()));
  await ledger.append(batch(Date.now()));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Half an hour in which the load of `mail` rises, as a controller would record it. */
function decisions(nowMs: number): readonly ScalingRecord[] {
  const parsed = parseFleet(FLEET);
  const mail = parsed.ok ? parsed.value.services.find(({ name }) => name === 'mail') : undefined;
  if (mail === undefined) throw new Error('The fleet of this test is wrong');
  const spec = scalingSpec(mail);
  let history = EMPTY_HISTORY;
  let desired = 1;
  let finished = 0;
  return Array.from({ length: 180 }, (_, index) => {
    const atMs = nowMs - (180 - index) * 10_000 + 5_000;
    const backlog = index < 90 ? 0 : (index - 90) * 8;
    finished += 8 * desired;
    const target = {
      desired,
      running: desired,
      pending: 0,
      busyTasks: desired,
      busySlots: desired,
      finishedJobs: finished,
      meanServiceMs: 2_300,
      oldestWaitMs: backlog * 50,
      atMs,
    };
    const facts = { queue: { backlog, inFlight: desired, delayed: 0, atMs }, target };
    const { history: next, ...decision } = decide(facts, spec, history, atMs);
    history = next;
    ({ desired } = decision);
    return {
      ...decision,
      service: 'mail',
      atMs,
      isApplied: true,
      mode: 'apply',
      run: 'test',
      term: 1,
      facts,
    };
  });
}

function batch(nowMs: number): Parameters<ReturnType<typeof sqliteLedger>['append']>[0] {
  const tenSeconds = (agoMs: number): number => Math.floor((nowMs - agoMs) / 10_000) * 10_000;
  const arrivals = Array.from({ length: 60 }, (_, index) => ({
    atMs: tenSeconds(30_000 + index * 10_000),
    service: 'mail',
    job: 'send-mail',
    sent: 20,
    settled: 0,
  }));
  return {
    writer: 'w',
    worker: 'w',
    service: 'mail',
    revision: '1',
    rssBytes: 1,
    maxRssBytes: 1,
    dropped: 0,
    sequence: 1,
    atMs: nowMs,
    attempts: [],
    arrivals,
    bins: [],
    jobs: [],
  };
}

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: folder,
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      USER: 'ada',
      TZ: 'UTC',
      LONGSHORE_STATE: join(folder, 'state'),
      LONGSHORE_LEDGER: `sqlite://${ledgerPath}`,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<Run>((resolve) =>
    child.once('close', (code) => resolve({ code, stdout, stderr })),
  );
  return { child, ended, output: () => stdout };
}

const longshore = (args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Run> =>
  start(args, env).ended;
const autoscaler = (...args: string[]): Promise<Run> => longshore(['autoscaler', ...args]);

describe('longshore autoscaler log', () => {
  it('shows each change with its sentence, and with --all every decision', async () => {
    const changes = await autoscaler('log', 'mail');
    expect(changes, changes.stderr).toMatchObject({ code: 0, stderr: '' });
    const lines = changes.stdout.trimEnd().split('\n');
    expect(lines.length).toBeGreaterThan(2);
    for (const line of lines)
      expect(line).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z {2}mail {2}\d+ → \d+ +\S.* waiting, /);
    const all = await autoscaler('log', '--all');
    expect(all.stdout.trimEnd().split('\n')).toHaveLength(180);
    const short = await autoscaler('log', '--all', '--last', '1m');
    expect(short.stdout.trimEnd().split('\n').length).toBeLessThan(10);
  });

  it('as JSON gives the records as they were written', async () => {
    const { stdout } = await autoscaler('log', 'mail', '--json');
    const records = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    for (const record of records)
      expect(record).toMatchObject({
        service: 'mail',
        isChange: true,
        record: { run: 'test', limits: expect.any(Array) as unknown },
      });
  });

  it('draws a chart of one service', async () => {
    const { code, stderr } = await autoscaler('log', 'mail', '--svg', 'mail.svg');
    expect(code, stderr).toBe(0);
    expect(await readFile(join(folder, 'mail.svg'), 'utf8')).toContain('180 decisions from');
  });

  it('follows: shows what was, then what comes, until Ctrl-C', async () => {
    const path = join(folder, 'followed.db');
    await using ledger = sqliteLedger({ path });
    const [first] = decisions(Date.now());
    if (first === undefined) throw new Error('There is a first decision');
    const record = (reason: string): ScalingRecord => ({ ...first, reason, atMs: Date.now(), desired: 99 });
    await ledgerSink(ledger).append([record('the first')]);
    const running = start(['autoscaler', 'log', '--follow'], { LONGSHORE_LEDGER: `sqlite://${path}` });
    await expect.poll(running.output, { timeout: 20_000 }).toContain('the first');
    await ledgerSink(ledger).append([record('the second')]);
    await expect.poll(running.output, { timeout: 20_000 }).toContain('the second');
    running.child.kill('SIGINT');
    const { code, stdout } = await running.ended;
    expect(code).toBe(0);
    expect(stdout.match(/the first/g)).toHaveLength(1);
  });

  it('says why there is nothing', async () => {
    expect((await autoscaler('log', 'letters')).stderr).toContain(
      'No decision on letters is recorded in this ledger yet',
    );
    expect((await autoscaler('log', '--last', '1s')).stderr).toMatch(
      /No decision in the last 1s; the latest one is .* old/,
    );
    expect(JSON.parse((await autoscaler('log', 'letters', '--json')).stdout)).toEqual({ decisions: [] });
  });
});

describe('longshore autoscaler why', () => {
  it('explains the present count', async () => {
    const { code, stdout, stderr } = await autoscaler('why', 'mail');
    expect(code, stderr).toBe(0);
    for (const part of [
      'mail: ',
      'What was seen',
      'What it needs',
      'What holds the count',
      'Last change',
      'jobs wait at most 1m',
    ])
      expect(stdout).toContain(part);
    const json = JSON.parse((await autoscaler('why', 'mail', '--json')).stdout) as object;
    expect(json).toMatchObject({
      service: 'mail',
      decision: { record: { facts: {} } },
      lastChange: { isChange: true },
    });
  });

  it('says that there is no decision yet', async () => {
    const { code, stderr } = await autoscaler('why', 'letters');
    expect(code).toBe(2);
    expect(stderr).toContain('No decision on "letters" is recorded');
  });
});

describe('a pin', () => {
  it('is set, listed, replaced and removed', async () => {
    const set = await autoscaler('pin', 'mail', '3', '--for', '2h', '--reason', 'launch day');
    expect(set).toMatchObject({ code: 0, stdout: '' });
    expect(set.stderr).toMatch(/^Pinned mail to 3 tasks until .*Z \(2h left\), by ada: launch day\n$/);
    await autoscaler('pin', 'mail', '4', '--until', '2099-01-01T00:00Z').then(({ code, stderr }) => {
      expect(code).toBe(2);
      expect(stderr).toContain('the end is more than seven days away');
    });
    const again = JSON.parse(
      (await autoscaler('pin', 'mail', '5', '--for', '1h', '--json')).stdout,
    ) as object;
    expect(again).toMatchObject({ pin: { service: 'mail', tasks: 5, by: 'ada' } });
    const list = await autoscaler('pins');
    expect(list.stdout).toMatch(/mail +5 +\d{4}-/);
    expect(JSON.parse((await autoscaler('pins', '--json')).stdout)).toMatchObject({
      pins: [{ service: 'mail', tasks: 5 }],
    });
    expect((await autoscaler('unpin', 'mail')).stderr).toContain('Unpinned mail');
    expect((await autoscaler('unpin', 'mail')).stderr).toContain('mail was not pinned');
    expect(await autoscaler('pins')).toMatchObject({ code: 0, stdout: '', stderr: 'No service is pinned\n' });
  });
});

describe('a wrong call', () => {
  it.each([
    [['autoscaler', 'why', 'mial'], 'did you mean "mail"?'],
    [['autoscaler', 'log', 'mial'], 'did you mean "mail"?'],
    [['autoscaler', 'log', '--last', 'soon'], '--last is "soon", expected a duration'],
    [['autoscaler', 'log', '--svg', 'x.svg'], '--svg draws one service: name it'],
    [['autoscaler', 'log', 'mail', '--svg', 'no/x.svg'], 'Cannot write the chart to'],
    [['autoscaler', 'log', 'letters', '--svg', 'x.svg'], 'there is no decision in this time'],
    [
      ['autoscaler', 'pin', 'mail', '11', '--for', '1h'],
      'expected a whole number from 0 to 10, its bounds in the fleet file',
    ],
    [['autoscaler', 'pin', 'mail', 'many', '--for', '1h'], 'Cannot pin "mail" to "many" tasks'],
    [['autoscaler', 'pin', 'mail', '1'], 'no end is given, use --until 18:00 or --for 2h'],
    [['autoscaler', 'pin', 'mail', '1', '--until', '25:00'], '--until is "25:00"'],
    [['simulate'], 'no arrivals: give --trace, --last or --synthetic'],
    [
      ['simulate', '--trace', 'load.csv', '--synthetic', 'steps'],
      '--trace and --synthetic are 2 sources of arrivals',
    ],
    [['simulate', '--last', '1h'], '--last needs --service'],
    [['simulate', '--last', '1h', '--service', 'letters'], 'No job of "letters" arrived in the last 1h'],
    [['simulate', '--trace', 'none.csv'], 'no such file'],
    [['simulate', '--trace', 'fleet.ts'], 'line 1: the header is'],
    [['simulate', '--synthetic', 'spike'], 'did you mean "spikes"?'],
    [['simulate', '--trace', 'load.csv', '--policies', 'keda'], 'did you mean "keda-default"?'],
    [['simulate', '--trace', 'load.csv', '--rate', 'fast'], '--rate is "fast"'],
    [['simulate', '--synthetic', 'steps', '--rate', '100000'], 'at most 50,000,000 are'],
    [
      ['simulate', '--trace', 'load.csv', '--policies', 'fixed-mean', '--chart', 'no/x.html'],
      'check --chart',
    ],
  ])('%j exits 2 and says: %s', async (args, message) => {
    const { code, stdout, stderr } = await longshore(args);
    expect(code, stderr).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(message);
  });

  it('says where a ledger is missing', async () => {
    const none = await longshore(['autoscaler', 'log'], { LONGSHORE_LEDGER: '' });
    expect(none.code).toBe(2);
    expect(none.stderr).toContain('set LONGSHORE_LEDGER');
    const wrong = await longshore(['autoscaler', 'log'], { LONGSHORE_LEDGER: 'ledger.db' });
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('LONGSHORE_LEDGER is no URL');
    const absent = await longshore(['autoscaler', 'log'], {
      LONGSHORE_LEDGER: `sqlite://${folder}/absent.db`,
    });
    expect(absent.code).toBe(1);
    expect(absent.stderr).toContain('[ledger_unavailable]');
  });
});

describe('longshore simulate', () => {
  const KEYS = [
    'trace',
    'policy',
    'overObjective',
    'costVsBound',
    'killedBusy',
    'actionsPerDay',
    'p50WaitS',
    'p99WaitS',
    'peakTasks',
  ];

  it('prints a table and one line of advice, the same every time', async () => {
    const args = [
      'simulate',
      '--trace',
      'load.csv',
      '--policies',
      'longshore,fixed-peak',
      '--service',
      'mail',
      '--service-mean',
      '300ms',
    ];
    const [one, other] = await Promise.all([longshore(args), longshore(args)]);
    expect(one, one.stderr).toMatchObject({ code: 0, stderr: '' });
    expect(one.stdout).toBe(other.stdout);
    const lines = one.stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^POLICY +LATE +COST +KILLED +CHANGES\/DAY +P50 WAIT +P99 WAIT +PEAK TASKS$/);
    expect(lines.slice(1, 4).map((line) => line.split(' ')[0])).toEqual([
      'clairvoyant',
      'longshore',
      'fixed-peak',
    ]);
    expect(lines).toHaveLength(6);
    expect(lines[5]).toContain('1m for 95 % of the jobs');
  });

  it('as JSON has the keys that scripts rely on', async () => {
    const { stdout } = await longshore([
      'simulate',
      '--trace',
      'load.csv',
      '--policies',
      'longshore',
      '--json',
    ]);
    const data = JSON.parse(stdout) as { readonly results: readonly object[]; readonly advice: object };
    expect(data).toMatchObject({
      trace: 'load',
      objectiveS: 60,
      advice: { text: expect.any(String) as unknown },
    });
    expect(data.results).toHaveLength(2);
    for (const result of data.results) expect(Object.keys(result)).toEqual(KEYS);
  });

  it('writes a page with charts', async () => {
    const { code, stderr } = await longshore([
      'simulate',
      '--synthetic',
      'diurnal',
      '--window',
      '2h',
      '--policies',
      'longshore',
      '--chart',
      'out.html',
    ]);
    expect(code, stderr).toBe(0);
    const page = await readFile(join(folder, 'out.html'), 'utf8');
    expect(page).toContain('Scaling policies on trace diurnal');
    expect(page).not.toContain('<script');
  });

  it('replays the past of a service from the ledger', async () => {
    const { code, stdout, stderr } = await longshore([
      'simulate',
      '--last',
      '20m',
      '--service',
      'mail',
      '--policies',
      'longshore',
      '--json',
    ]);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ trace: 'mail-last-20m' });
  });
});
