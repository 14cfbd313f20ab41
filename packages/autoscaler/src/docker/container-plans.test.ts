/** What containers are created from: declared, or copied. */
import { describe, expect, it } from 'vitest';
import { freeNumber, leavesByOf, leavingName, leftName } from './compose.ts';
import { parseContainer } from './container.ts';
import { declaredPlan, specFaults } from './container-spec.ts';
import { copiedPlan } from './copied-plan.ts';
import { ID, inspection, type InspectionParts } from './fixtures/inspection.ts';

function copied(parts: InspectionParts): ReturnType<typeof copiedPlan> {
  const container = parseContainer(inspection(parts));
  if (container === undefined) throw new Error('No container');
  return copiedPlan(container);
}

describe('a declared container', () => {
  it('has its limits without swap, its mounts by kind and its networks by alias', () => {
    const { body, networks } = declaredPlan(
      {
        image: 'shop/mail:1',
        command: ['main.mjs'],
        env: { A: '1' },
        cpuUnits: 512,
        memoryMiB: 64,
        networks: ['front', 'back'],
        mounts: [
          { source: '/srv', target: '/data', isReadOnly: true },
          { source: 'cache', target: '/cache' },
        ],
        drainMs: 1_500,
      },
      'mail',
      1_000,
    );
    expect(body).toMatchObject({
      Image: 'shop/mail:1',
      Cmd: ['main.mjs'],
      Env: ['A=1'],
      StopTimeout: 3,
      HostConfig: {
        NanoCpus: 500_000_000,
        Memory: 67_108_864,
        MemorySwap: 67_108_864,
        NetworkMode: 'front',
        Mounts: [
          { Type: 'bind', Source: '/srv', Target: '/data', ReadOnly: true },
          { Type: 'volume', Source: 'cache', Target: '/cache', ReadOnly: false },
        ],
      },
    });
    expect(networks).toEqual({ front: { Aliases: ['mail'] }, back: { Aliases: ['mail'] } });
  });

  it('says nothing about what it leaves to its image and the engine', () => {
    const { body } = declaredPlan({ image: 'i' }, 'mail', 5_000);
    expect(body).not.toHaveProperty('Cmd');
    expect(body).not.toHaveProperty('Entrypoint');
    expect(body['StopTimeout']).toBe(30);
    expect(body['HostConfig']).not.toHaveProperty('Memory');
    expect(body['HostConfig']).not.toHaveProperty('NetworkMode');
  });

  it('tells all that is wrong with it', () => {
    expect(
      specFaults({
        image: '',
        cpuUnits: Number.NaN,
        memoryMiB: 5,
        drainMs: -1,
        mounts: [{ source: '', target: 'x' }],
      }),
    ).toHaveLength(5);
    expect(specFaults({ image: 'i', memoryMiB: 6, drainMs: 0 })).toEqual([]);
  });
});

describe('a copied container', () => {
  it('has the definition, and not what belongs to the other one', () => {
    const { body, networks } = copied({
      config: { MacAddress: '02:42', Env: ['A=1'] },
      host: { ContainerIDFile: '/x', Memory: 1, RestartPolicy: { Name: 'no' } },
      networks: {
        shop_default: {
          Aliases: ['mail', 'shop-mail-1', ID.slice(0, 12)],
          IPAddress: '10.0.0.2',
          DriverOpts: null,
        },
        bridge: { Aliases: null },
      },
    });
    expect(body).toEqual({
      Image: 'shop/mail:1',
      Env: ['A=1'],
      Labels: { 'com.docker.compose.container-number': '1' },
      HostConfig: { NetworkMode: 'shop_default', Memory: 1, RestartPolicy: { Name: 'no' } },
    });
    expect(networks).toEqual({ shop_default: { Aliases: ['mail'], DriverOpts: null } });
  });

  it('keeps a host name that was given to it', () => {
    expect(copied({ config: { Hostname: 'mailer' } }).body).toMatchObject({ Hostname: 'mailer' });
  });
});

describe('names', () => {
  it('carry the deadline and lose it again', () => {
    const name = leavingName('shop-mail-1', 1_700.2);
    expect(name).toBe('shop-mail-1.leaves-by-1701');
    expect(leavesByOf(name)).toBe(1_701);
    expect(leavingName(name, 5)).toBe('shop-mail-1.leaves-by-5');
    expect(leftName(name)).toBe('shop-mail-1.left');
    expect(leavingName(leftName(name), 5)).toBe('shop-mail-1.leaves-by-5');
    expect(leavesByOf('shop-mail-1.left')).toBeUndefined();
  });

  it('take the lowest number that is free', () => {
    expect(freeNumber([])).toBe(1);
    expect(freeNumber([1, 2, 4])).toBe(3);
  });
});
