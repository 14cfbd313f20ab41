import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { operate } from './operator-command.ts';

let folder: string;
let env: Record<string, string>;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'longshore-operate-'));
  env = { LONGSHORE_DELIVERY_STORE: `sqlite://${join(folder, 'deliveries.db')}` };
});
afterEach(() => rm(folder, { recursive: true }));

async function told(
  ...args: string[]
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await operate(args, { env, out: (line) => out.push(line), err: (line) => err.push(line) });
  return { code, out: out.join('\n'), err: err.join('\n') };
}

async function json(...args: string[]): Promise<unknown> {
  const { code, out, err } = await told(...args, '--json');
  expect([code, err]).toEqual([0, '']);
  return JSON.parse(out) as unknown;
}

async function added(): Promise<string> {
  return (
    (await json('endpoints', 'add', 'https://93.184.215.14/hook', '--types', 'document.available')) as {
      id: string;
    }
  ).id;
}

describe('an operator', () => {
  it('adds an endpoint, sees it without its secret, rotates, disables and enables it', async () => {
    const { id, verifyWith } = (await json('endpoints', 'add', 'https://93.184.215.14/hook')) as {
      id: string;
      verifyWith: string;
    };
    expect(verifyWith).toMatch(/^whsec_/);
    const listed = await told('endpoints', 'list');
    expect(listed.out).toContain(id);
    expect(listed.out).not.toContain(verifyWith.slice(6));
    const rotated = (await json('endpoints', 'rotate', id)) as { verifyWith: string };
    expect(rotated.verifyWith).not.toBe(verifyWith);
    await json('endpoints', 'disable', id, '--reason', 'moved');
    expect(await json('endpoints', 'list')).toMatchObject([
      { id, state: 'disabled', disabledReason: 'moved' },
    ]);
    await json('endpoints', 'enable', id);
    expect(await json('endpoints', 'list', '--tenant', 'default')).toMatchObject([{ id, state: 'enabled' }]);
    expect((await told('endpoints', 'list', '--tenant', 'other')).out).toBe('none');
  });

  it('pings, looks at attempts and replays', async () => {
    const id = await added();
    const { event } = (await json('ping', id)) as { event: string };
    expect(await json('attempts', '--endpoint', id)).toEqual([]);
    expect(await json('replay', id, '--event', event, '--dry-run')).toEqual({ wouldSend: 1 });
    expect(await json('replay', id, '--since', '2026-01-01T00:00:00Z')).toEqual({ sent: 0 });
    expect(await json('links', 'revoke', '--document', 'd')).toEqual({ revoked: 0 });
  });

  it.each([
    [['endpoint', 'list'], 2, /There is no command "endpoint list"/],
    [['endpoints', 'add'], 2, /Something is missing: endpoints add TARGET/],
    [['endpoints', 'list', 'all'], 2, /"all" is too much/],
    [['endpoints', 'list', '--tenants', 'x'], 2, /--tenants/],
    [['endpoints', 'add', 'http://10.0.0.1/'], 1, /\[(?:address_forbidden|invalid_options)\]/],
    [
      ['endpoints', 'add', 'https://93.184.215.14/', '--scheme', 'v2'],
      2,
      /--scheme is "v2", expected v1 or v1a/,
    ],
    [['endpoints', 'rotate', 'nobody'], 1, /There is no endpoint "nobody"/],
    [['replay', 'x'], 2, /either --event or --since/],
    [['replay', 'x', '--since', 'yesterday'], 2, /--since is "yesterday", expected a time/],
    [['attempts', '--limit', '0'], 2, /--limit is "0"/],
    [['links', 'revoke'], 2, /either a link or --document/],
  ] as const)('is told what is wrong with %j', async (args, code, message) => {
    const answer = await told(...args);
    expect(answer.code).toBe(code);
    expect(answer.err).toMatch(message);
    expect(answer.out).toBe('');
  });

  it('works as a program', async () => {
    const program = join(import.meta.dirname, 'operate.ts');
    const run = promisify(execFile);
    const { stdout } = await run(process.execPath, [program, 'endpoints', 'list', '--json'], { env });
    expect(JSON.parse(stdout)).toEqual([]);
    await expect(run(process.execPath, [program, 'endpoints', 'list'], { env: {} })).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('LONGSHORE_DELIVERY_STORE is not set') as string,
    });
    expect((await run(process.execPath, [program, '--help'], { env: {} })).stdout).toContain('links revoke');
  });
});
