import { once } from 'node:events';
import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { createEnvelope, encodeEnvelope } from '@longshore/job';
import { listDeadLetters } from '@longshore/queue';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { work, type workSchema } from './fixture-worker.ts';
import { isEmpty, openStage, until, type Stage } from './stage.ts';

type Work = z.input<typeof workSchema>;

async function enqueue(stage: Stage, count: number, payload: (n: number) => Work): Promise<void> {
  const { enqueued } = await stage.producer.enqueueAll(
    work,
    Array.from({ length: count }, (_, n) => payload(n)),
  );
  expect(enqueued).toBe(count);
}

describe('worker processes', () => {
  it(
    'lose nothing, repeat no effect and bury no good job while they are killed at random',
    { timeout: 180_000 },
    async () => {
      await using stage = await openStage();
      const jobs = 500;
      await enqueue(stage, jobs, (n) => ({ n, workMs: 20 + (n % 7) * 30 }));
      const workers: ChildProcess[] = await Promise.all([
        stage.startWorker(),
        stage.startWorker(),
        stage.startWorker(),
      ]);
      let kills = 0;
      const effects = async (): Promise<number> => (await stage.keys('effects/')).length;
      while ((await effects()) < jobs && kills < 40) {
        await delay(400 + Math.random() * 400);
        const victim = workers.splice(Math.floor(Math.random() * workers.length), 1)[0];
        const exited = victim === undefined ? undefined : once(victim, 'exit');
        victim?.kill('SIGKILL');
        await exited;
        kills += 1;
        workers.push(await stage.startWorker());
      }
      await until('all effects are there', async () => (await effects()) === jobs, 90_000);
      await until('the queue is empty', () => isEmpty(stage.queue), 30_000);
      expect(kills).toBeGreaterThanOrEqual(3);
      expect(await stage.deadLetters.counts()).toMatchObject({ backlog: 0, inFlight: 0 });
      const runs = (await stage.keys('runs/')).length;
      expect(runs).toBeGreaterThanOrEqual(jobs);
      console.log(`${jobs} jobs, ${kills} SIGKILLs: ${jobs} effects, ${runs} runs, 0 dead letters`);
    },
  );

  it(
    'drain at SIGTERM: exit 0, and what they held is done or waits for others',
    { timeout: 90_000 },
    async () => {
      await using stage = await openStage({ leaseMs: 30_000 });
      await enqueue(stage, 60, (n) => ({ n, workMs: n % 2 === 0 ? 50 : 20_000 }));
      const worker = await stage.startWorker({ SLOTS: '30', DRAIN_MS: '3000', LEASE_MS: '30000' });
      await until('some effects are there', async () => (await stage.keys('effects/')).length >= 5);
      const exited = once(worker, 'exit');
      worker.kill('SIGTERM');
      expect(await exited).toEqual([0, null]);
      const done = (await stage.keys('effects/')).length;
      const { backlog, inFlight } = await stage.queue.counts();
      // Nothing is left to a lease that must run out: given back means visible now.
      expect({ left: backlog, inFlight }).toEqual({ left: 60 - done, inFlight: 0 });
      // Interruptions are no attempts: they leave nothing behind.
      expect(await stage.keys('attempts/')).toEqual([]);
    },
  );

  it(
    'keep the lease of a handler that blocks the event loop for three leases',
    { timeout: 60_000 },
    async () => {
      await using stage = await openStage({ leaseMs: 2_000 });
      await enqueue(stage, 1, () => ({ n: 0, workMs: 6_000, does: 'block' }));
      await stage.startWorker({ SLOTS: '1' });
      await until('the job runs', async () => (await stage.keys('runs/')).length === 1);
      const rival = await stage.startWorker({ SLOTS: '1' });
      await until('the effect is there', async () => (await stage.keys('effects/')).length === 1);
      await until('the queue is empty', () => isEmpty(stage.queue));
      expect((await stage.keys('runs/')).length).toBe(1);
      expect(rival.exitCode).toBeNull();
    },
  );

  it('bury each kind of poison with its reason while good jobs go on', { timeout: 60_000 }, async () => {
    await using stage = await openStage();
    const good = encodeEnvelope(await createEnvelope(work, { n: 0, workMs: 1 }));
    const poison: Record<string, string> = {
      'not json': 'undecodable_message',
      '{"Records":[]}': 'undecodable_message',
      [good.replace('"payload":{', '"payload":{"__proto__":{},')]: 'undecodable_message',
      [good.replace('"workMs":1', '"workMs":"soon"')]: 'invalid_payload',
      [good.replace(/"payload":\{.*\}\}$/, '"claim":{"key":"attempts/secret","bytes":1,"sha256":"a"}}')]:
        'claim_corrupt',
    };
    const sent = await stage.queue.send(Object.keys(poison).map((body) => ({ body })));
    expect(sent.every((result) => result.ok)).toBe(true);
    await enqueue(stage, 20, (n) => ({ n, workMs: 5 }));
    await stage.startWorker();
    await until('the queue is empty', () => isEmpty(stage.queue));
    expect((await stage.keys('effects/')).length).toBe(20);
    const letters = await listDeadLetters(stage.deadLetters, { limit: 20 });
    const found = Object.fromEntries(
      letters.filter(({ code }) => code === 'undecodable_message').map(({ body, code }) => [body, code]),
    );
    expect(poison).toMatchObject(found);
    expect(letters.map(({ code }) => code).sort()).toEqual(Object.values(poison).sort());
    for (const { reason } of letters) expect(reason.length).toBeGreaterThan(10);
  });

  it(
    'bury what fails for good, with its attempts, and go on with the rest',
    { timeout: 60_000 },
    async () => {
      await using stage = await openStage();
      const does = ['return', 'throw', 'bury'] as const;
      await enqueue(stage, 12, (n) => ({ n, workMs: 1, does: does[n % 3] }));
      await stage.startWorker();
      await until('eight jobs are buried', async () => (await stage.deadLetters.counts()).backlog === 8);
      await until('the queue is empty', () => isEmpty(stage.queue));
      expect((await stage.keys('effects/')).length).toBe(4);
      const letters = await listDeadLetters(stage.deadLetters, { limit: 20 });
      const byCode = Map.groupBy(letters, (letter) => letter.code);
      expect(byCode.get('no_good')).toHaveLength(4);
      expect(byCode.get('attempts_exhausted')).toHaveLength(4);
      for (const letter of byCode.get('attempts_exhausted') ?? []) {
        expect(letter.attempts.map((attempt) => attempt.kind)).toEqual(['failed', 'failed', 'failed']);
        expect(letter.attempts.at(-1)?.stack).toContain('fails');
      }
      expect(await stage.keys('attempts/')).toEqual([]);
    },
  );
});
