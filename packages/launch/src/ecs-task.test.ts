import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { manualClock } from './fixtures/manual-clock.ts';
import { readEcsTask } from './ecs-task.ts';

/** An endpoint that gives these answers, one after another, the last one again and again. */
async function endpoint(...answers: readonly (readonly [status: number, body: string])[]) {
  const paths: string[] = [];
  const server = createServer((request, response) => {
    const [status, body] = answers[Math.min(paths.length, answers.length - 1)] ?? [500, ''];
    paths.push(request.url ?? '');
    response.writeHead(status).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const clock = manualClock();
  const logged: string[] = [];
  const port = (server.address() as AddressInfo).port;
  const task = readEcsTask({
    metadataUri: `http://127.0.0.1:${port}/v4/abc`,
    log: { warn: (_fields, message) => void logged.push(message) },
    clock,
    fetch,
  });
  let isRead = false;
  void task.then(() => {
    isRead = true;
  });
  while (!isRead) await clock.advance(1_000);
  server.close();
  return { task: await task, paths, logged };
}

const TASK = {
  TaskARN: 'arn:aws:ecs:eu-west-3:1:task/fleet/2f',
  Family: 'mail',
  Revision: '7',
  Cluster: 'fleet',
};

describe('readEcsTask', () => {
  it('reads the task and its definition', async () => {
    const { task, paths, logged } = await endpoint([200, JSON.stringify(TASK)]);
    expect(task).toEqual({ taskArn: TASK.TaskARN, revision: 'mail:7' });
    expect([paths, logged]).toEqual([['/v4/abc/task'], []]);
  });

  it('tries again, since the endpoint may not be ready', async () => {
    const { task, paths } = await endpoint([503, ''], [200, JSON.stringify(TASK)]);
    expect([task?.revision, paths.length]).toEqual(['mail:7', 2]);
  });

  it.each([
    [200, '{"TaskARN":"2f","Family":"mail","Revision":"7"}'],
    [200, '{"TaskARN":"arn:x","Family":"mail","Revision":7}'],
    [200, 'null'],
    [500, JSON.stringify(TASK)],
  ])('does without what is no answer: %i %s', async (status, body) => {
    const { task, paths, logged } = await endpoint([status, body]);
    expect([task, paths.length, logged.length]).toEqual([undefined, 3, 1]);
  });
});
