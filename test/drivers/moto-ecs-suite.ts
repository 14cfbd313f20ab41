/**
 * The stand-in for ECS against moto, as far as moto goes: it answers the same to the same calls. The scaling target works
 * on moto as well. moto starts no tasks for a service and has no protection, so that is as far as it can tell.
 */
import {
  CreateClusterCommand,
  CreateServiceCommand,
  DescribeServicesCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
  UpdateServiceCommand,
} from '@aws-sdk/client-ecs';
import { ecsTarget } from '@longshore/autoscaler/ecs';
import { systemClock } from '@longshore/job';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEcsSimulator, type EcsSimulator } from '../ecs-simulator/ecs-simulator.ts';
import { startMoto, type Moto } from './moto.ts';

const cluster = 'fleet';
let moto: Moto | undefined;
let simulator: EcsSimulator | undefined;
let clients: readonly ECSClient[] = [];

beforeAll(async () => {
  moto = await startMoto();
  simulator = await startEcsSimulator({ clock: systemClock });
  clients = [moto.endpoint, simulator.endpoint].map(
    (endpoint) =>
      new ECSClient({
        region: 'eu-west-1',
        endpoint,
        credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
        maxAttempts: 2,
      }),
  );
  for (const client of clients) {
    await client.send(new CreateClusterCommand({ clusterName: cluster }));
    await client.send(
      new RegisterTaskDefinitionCommand({
        family: 'mail',
        containerDefinitions: [{ name: 'worker', image: 'worker', memory: 512, cpu: 256 }],
      }),
    );
    await client.send(
      new CreateServiceCommand({
        cluster,
        serviceName: 'mail',
        taskDefinition: 'mail',
        desiredCount: 2,
        launchType: 'FARGATE',
      }),
    );
  }
}, 120_000);
afterAll(async () => {
  for (const client of clients) client.destroy();
  await simulator?.close();
  await moto?.[Symbol.asyncDispose]();
});

/** What both say to one call; account and region are each one's own. */
async function bothSay<Said>(say: (client: ECSClient) => Promise<Said>): Promise<readonly unknown[]> {
  const said = await Promise.all(
    clients.map((client) =>
      say(client).catch((error: unknown) => (error instanceof Error ? error.name : error)),
    ),
  );
  return said.map((each) => JSON.parse(JSON.stringify(each).replaceAll(/\d{12}/g, 'account')) as unknown);
}

describe('the stand-in and moto', () => {
  it('describe a service alike, and what is missing', async () => {
    const [theirs, ours] = await bothSay(async (client) => {
      const { services = [], failures } = await client.send(
        new DescribeServicesCommand({ cluster, services: ['mail', 'nothing'] }),
      );
      return {
        // AWS has answered with and without the cluster's name in it.
        failures: failures?.map(({ arn, reason }) => ({ name: arn?.split('/').at(-1), reason })),
        services: services.map(
          ({ serviceName, serviceArn, clusterArn, status, desiredCount, taskDefinition }) => ({
            serviceName,
            serviceArn,
            clusterArn,
            status,
            desiredCount,
            taskDefinition,
          }),
        ),
      };
    });
    expect(ours).toEqual(theirs);
  });

  it('take an absolute count', async () => {
    const [theirs, ours] = await bothSay(async (client) => {
      const { service } = await client.send(
        new UpdateServiceCommand({ cluster, service: 'mail', desiredCount: 5 }),
      );
      return { name: service?.serviceName, desired: service?.desiredCount };
    });
    expect(ours).toEqual(theirs);
  });

  it('refuse an unknown cluster by the same exception', async () => {
    const [theirs, ours] = await bothSay((client) =>
      client.send(new UpdateServiceCommand({ cluster: 'other', service: 'mail', desiredCount: 1 })),
    );
    expect([theirs, ours]).toEqual(['ClusterNotFoundException', 'ClusterNotFoundException']);
  });
});

describe('ecsTarget on moto', () => {
  it('observes and scales out', async () => {
    const [client] = clients;
    if (client === undefined) throw new Error('moto did not start');
    const target = ecsTarget({ client, cluster, workers: { of: () => undefined, workers: () => [] } });
    const { desired } = await target.observe('mail');
    await target.apply('mail', desired + 2);
    expect(await target.observe('mail')).toMatchObject({ desired: desired + 2 });
    await expect(target.observe('nothing')).rejects.toMatchObject({ code: 'service_missing' });
  });
});
