/** What a worker does when the endpoint is away, throttles, breaks off or never answers. */
import { DeleteQueueCommand, GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import { describe, expect, it } from 'vitest';
import { until } from '../end-to-end/stage.ts';
import type { Herd } from './herd.ts';
import { LOCAL, type SqsStage } from './sqs-stage.ts';
import { openTrial, type Trial } from './trial.ts';

async function expectAllDone(trial: Trial, herd: Herd, count: number): Promise<void> {
  await until('all jobs are done', async () => (await trial.effects()).length === count);
  await until('the queue is empty', async () => (await trial.stage.counts()).unfinished === 0);
  expect(await trial.stage.dead()).toEqual([]);
  expect(herd.crashes).toEqual([]);
}

async function moreCalls({ proxy }: SqsStage, more: number): Promise<void> {
  const before = proxy.figures.calls;
  await until(`${more} more calls`, async () => proxy.figures.calls >= before + more);
}

function runsOf(trial: Trial): number {
  return trial.lines().filter(({ event }) => event === 'started').length;
}

describe('a worker behind a faulty network', { timeout: 90_000 }, () => {
  it('waits while the endpoint is killed and restarted, and works on', async () => {
    await using trial = await openTrial();
    const herd = await trial.start();
    await trial.enqueue(5);
    await until('the worker works', async () => (await trial.effects()).length === 5);
    const back = trial.stage.restart(5_000);
    await until('the worker is refused', async () => trial.stage.proxy.refused > 0);
    await back;
    await trial.enqueue(20);
    await expectAllDone(trial, herd, 25);
  });

  it('waits while its queue is deleted and works on when it is made anew', async () => {
    await using trial = await openTrial();
    const herd = await trial.start();
    await trial.enqueue(5);
    await expectAllDone(trial, herd, 5);
    const client = new SQSClient({ endpoint: trial.stage.upstream, useQueueUrlAsEndpoint: false, ...LOCAL });
    const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: 'jobs' }));
    await client.send(new DeleteQueueCommand({ QueueUrl }));
    client.destroy();
    await moreCalls(trial.stage, 2);
    await trial.stage.createQueues();
    await trial.enqueue(20);
    await expectAllDone(trial, herd, 25);
  });

  it('gets through throttling of a third of its calls without a storm of retries', async () => {
    await using trial = await openTrial({ rates: { throttled: 0.3 } });
    const herd = await trial.start();
    await trial.enqueue(300);
    await expectAllDone(trial, herd, 300);
    const { calls, executed, faults } = trial.stage.proxy.figures;
    expect(calls).toBe(executed + faults);
    expect(faults).toBeGreaterThan(10);
    // Each call once, and once more for each refusal: 1 / (1 - 0.3), with room for chance.
    expect(calls / executed).toBeLessThan(1.8);
    console.log(
      `throttled ${faults} of ${calls} calls: ${(calls / executed).toFixed(2)} calls for each executed`,
    );
  });

  it('accepts no half answer', async () => {
    await using trial = await openTrial({ rates: { truncated: 0.4 } });
    const herd = await trial.start();
    await trial.enqueue(200);
    await until('all jobs are done', async () => (await trial.effects()).length === 200);
    trial.stage.proxy.setRates({});
    await expectAllDone(trial, herd, 200);
    expect(trial.stage.proxy.figures.faults).toBeGreaterThan(10);
  });

  it('gives up polls and acknowledgements that are never answered, and runs nothing twice', async () => {
    await using trial = await openTrial({ rates: { silent: 1 } });
    const herd = await trial.start();
    await until('the first call hangs', async () => trial.stage.proxy.openCalls > 0);
    trial.stage.proxy.setRates({});
    await trial.enqueue(10);
    await expectAllDone(trial, herd, 10);
    trial.stage.proxy.setRates({ silent: 1 }, 'DeleteMessageBatch');
    await trial.enqueue(10);
    await until('an acknowledgement hangs', async () =>
      [...(trial.stage.proxy.figures.faultsOf.get('DeleteMessageBatch')?.values() ?? [])].some((n) => n > 0),
    );
    trial.stage.proxy.setRates({});
    await expectAllDone(trial, herd, 20);
    expect(runsOf(trial)).toBe(20);
  });

  it.each(['refused', 'silent'] as const)('stops a job whose lease it cannot keep: %s', async (kind) => {
    await using trial = await openTrial();
    trial.stage.proxy.setRates({ [kind]: 1 }, 'ChangeMessageVisibilityBatch');
    await trial.start();
    await trial.enqueue(1, { workMs: 60_000 });
    const aborted = () => trial.lines().filter(({ event }) => event === 'aborted');
    await until('the run is aborted', async () => aborted().length > 0);
    // The keeper looks ten times a lease, so the next delivery may be a moment earlier than the end of the run; not two.
    const before = trial.lines().slice(
      0,
      trial.lines().findIndex(({ event }) => event === 'aborted'),
    );
    expect(before.length).toBeLessThanOrEqual(2);
  });
});
