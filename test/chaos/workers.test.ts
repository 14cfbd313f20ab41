/** What a worker process does when it is paused, told to stop, or left with a rejection that nobody awaits. */
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { until } from '../end-to-end/stage.ts';
import { openTrial } from './trial.ts';

describe('a worker process', { timeout: 60_000 }, () => {
  it('that was paused beyond its lease commits nothing of what another has done, and works on', async () => {
    await using trial = await openTrial();
    const zombies = await trial.start({ env: { SLOTS: '1' } });
    await trial.enqueue(1, { workMs: 1_000 });
    const isDone = async (): Promise<boolean> => (await trial.effects()).length === 1;
    await until('the job runs', async () => trial.lines().length > 0);
    const over = Promise.withResolvers<void>();
    const paused = zombies.pause(over.promise);
    const others = await trial.start({ env: { SLOTS: '1' } });
    await until('another worker has done the job', isDone);
    over.resolve();
    await paused;
    const ended = (): boolean =>
      trial
        .lines()
        .some(({ life, event }) => life.startsWith('0/') && event !== 'started' && event !== 'effect');
    await until('the zombie has ended its run', async () => ended());
    expect(await others.stop(10_000)).toEqual([]);
    await trial.enqueue(1);
    await until('the zombie works again', async () => (await trial.effects()).length === 2);
    const makers = trial.lines().filter(({ event, n }) => event === 'created' && n === 0);
    expect(makers.map(({ life }) => life)).toEqual(['1/0-1']);
    await until('the queue is empty', async () => (await trial.stage.counts()).unfinished === 0);
    expect(zombies.crashes).toEqual([]);
  });

  it('that is told to stop polls no more, gives everything back at once and exits with 0', async () => {
    await using trial = await openTrial();
    const herd = await trial.start({ env: { SLOTS: '4', LEASE_MS: '60000', DRAIN_MS: '1000' } });
    await trial.enqueue(9, { workMs: 60_000 });
    await until('four jobs run', async () => trial.lines().length === 4);
    const polls = (): number => trial.stage.proxy.figures.callsOf.get('ReceiveMessage') ?? 0;
    const before = polls();
    expect(await herd.stop(20_000)).toEqual([]);
    expect(polls()).toBe(before);
    // With leases of a minute, what is visible now was given back, not left to run out.
    expect(await trial.stage.queue.counts()).toMatchObject({ backlog: 9, inFlight: 0 });
    expect(await trial.stage.dead()).toEqual([]);
  });

  it('with a rejection that nobody awaits finishes its other jobs, exits with 1 and loses nothing', async () => {
    await using trial = await openTrial({ queueName: 'chaos-jobs' });
    const { stage } = trial;
    await trial.enqueue(6, { workMs: 1_000 });
    const herd = await trial.start({
      fixture: new URL('./fixture-launched.ts', import.meta.url),
      env: {
        LONGSHORE_SQS_ENDPOINT: stage.proxy.endpoint,
        LONGSHORE_OBJECTS: pathToFileURL(trial.objectsFolder).href,
        LONGSHORE_POLL_SECONDS: '1',
        AWS_ACCESS_KEY_ID: 'local',
        AWS_SECRET_ACCESS_KEY: 'local',
      },
    });
    await until('all jobs are done', async () => (await trial.effects()).length === 6);
    await until('the first process has ended', async () => herd.deaths.size > 0);
    expect(herd.crashes[0]).toBe('0-1: 1');
    const first = trial.lines().filter(({ life }) => life === '0/0-1');
    expect(first.filter(({ event }) => event === 'created')).toHaveLength(6);
    expect(first.filter(({ event }) => event === 'aborted')).toEqual([]);
    await until('the queue is empty', async () => (await stage.counts()).unfinished === 0);
    expect(await stage.dead()).toEqual([]);
  });
});
