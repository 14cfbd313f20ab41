import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { linkMint } from './links/link-token.ts';
import { openDeliveryOperator } from './operator.ts';
import { sqliteDeliveryStore } from './sqlite/index.ts';

let folder: string;
let env: Record<string, string>;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'longshore-operator-'));
  env = { LONGSHORE_DELIVERY_STORE: `sqlite://${join(folder, 'deliveries.db')}` };
});
afterEach(() => rm(folder, { recursive: true }));

describe('the door for operators', () => {
  it('allows the targets that the workers allow, of every kind', async () => {
    await using strict = await openDeliveryOperator(env);
    for (const [kind, target] of [
      ['webhook', 'http://127.0.0.1/'],
      ['sqs', 'billing'],
      ['s3', '../other'],
    ] as const)
      await expect(strict.desk.add({ kind, target }), kind).rejects.toMatchObject({
        code: 'invalid_options',
      });
    await using open = await openDeliveryOperator({
      ...env,
      LONGSHORE_DELIVERY_ALLOW_PRIVATE: '127.0.0.0/8',
      LONGSHORE_DELIVERY_ALLOW_HTTP: 'on',
      LONGSHORE_DELIVERY_QUEUES: 'billing',
    });
    const { verifyWith } = await open.desk.add({ target: 'http://127.0.0.1/', scheme: 'v1a' });
    expect(verifyWith).toMatch(/^whpk_/);
    await open.desk.add({ kind: 'sqs', target: 'billing' });
    await open.desk.add({ kind: 's3', target: 'acme', tenant: 'acme' });
    expect((await strict.endpoints()).map(({ kind }) => kind).sort()).toEqual(['s3', 'sqs', 'webhook']);
    expect(await strict.endpoints({ tenant: 'acme' })).toMatchObject([{ target: 'acme' }]);
  });

  it('lists endpoints without their secrets', async () => {
    await using operator = await openDeliveryOperator(env);
    const { verifyWith = '' } = await operator.desk.add({ target: 'https://93.184.215.14/' });
    expect(verifyWith).toMatch(/^whsec_/);
    const listed = await operator.endpoints();
    expect(listed).toHaveLength(1);
    expect(JSON.stringify(listed)).not.toContain(verifyWith.slice(6));
  });

  it('ends a link by its URL, by its id, or all of a document', async () => {
    const mint = linkMint({ key: 'k'.repeat(32), publicUrl: new URL('https://files.example.com/') });
    const file = { name: 'a', key: 'k', sha256: 's', bytes: 1, contentType: 'text/plain' };
    const document = {
      tenant: 't',
      documentId: 'd',
      revision: 1,
      outcome: 'extracted',
      source: 'a.pdf',
      file,
      availableAtMs: 0,
      expiresAtMs: 9e12,
    } as const;
    const minted = [1, 2, 3, 4].map(() => mint.mint(document, 0)).filter((link) => link !== undefined);
    await using store = await sqliteDeliveryStore({ path: join(folder, 'deliveries.db') });
    for (const link of minted) await store.links.create(link);
    await using operator = await openDeliveryOperator(env);
    const [first, second] = minted;
    const url = mint.url(first?.id ?? '');
    expect(await operator.revokeLinks({ link: url })).toBe(1);
    expect(await operator.revokeLinks({ link: url })).toBe(0);
    expect((await store.links.find(first?.tokenHash ?? ''))?.revokedAtMs).toBeGreaterThan(0);
    expect(await operator.revokeLinks({ link: second?.id ?? '' })).toBe(1);
    expect(await operator.revokeLinks({ link: 'https://files.example.com/d/unknown' })).toBe(0);
    expect(await operator.revokeLinks({ tenant: 'other', documentId: 'd' })).toBe(0);
    expect(await operator.revokeLinks({ tenant: 't', documentId: 'd' })).toBe(2);
  });

  it('names what is wrong with its settings, and asks for no more than it needs', async () => {
    await expect(openDeliveryOperator({ LONGSHORE_DELIVERY_ALLOW_HTTP: 'yes' })).rejects.toThrow(
      /Cannot open delivery: LONGSHORE_DELIVERY_STORE is not set.*; LONGSHORE_DELIVERY_ALLOW_HTTP: "yes"/,
    );
  });

  it('loads neither a worker nor what launches one', async () => {
    const door = new URL('./operator.ts', import.meta.url).href;
    const program = `
      import { registerHooks } from 'node:module';
      registerHooks({
        resolve(name, context, next) {
          const found = next(name, context);
          console.log(found.url);
          return found;
        },
      });
      await import(${JSON.stringify(door)});`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
    expect(stdout).toContain('endpoint-desk.ts');
    expect(stdout).not.toMatch(/packages\/(launch|worker)\/|publish-document|sweeper/);
  });
});
