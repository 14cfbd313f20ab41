/** The ECS adapter of the worker's task protection, against an agent on a real socket and a clock that only moves here. */
import { isLongshoreError } from '@longshore/job';
import { ecsTaskProtection, type EcsTaskProtectionOptions } from '@longshore/worker/ecs';
import type { TaskProtection } from '@longshore/worker';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { manualClock, type ManualClock } from '../clock/manual-clock.ts';
import { startEcsAgent, type AgentFault, type EcsAgent } from './ecs-agent.ts';

const MINUTE_MS = 60_000;
const throttled: AgentFault = {
  kind: 'error',
  status: 400,
  code: 'ThrottlingException',
  message: 'Rate exceeded',
};
const forbidden: AgentFault = {
  kind: 'error',
  status: 400,
  code: 'AccessDeniedException',
  message: 'not authorized to perform: ecs:UpdateTaskProtection',
};

let clock: ManualClock;
let agent: EcsAgent;
let open: TaskProtection[];

beforeEach(async () => {
  clock = manualClock();
  agent = await startEcsAgent({ clock });
  open = [];
});
afterEach(async () => {
  for (const each of open) await each.close();
  await agent.close();
});

function protect(options: Partial<EcsTaskProtectionOptions> = {}): TaskProtection {
  const protection = ecsTaskProtection({ agentUri: agent.uri, clock, random: () => 0.5, ...options });
  open.push(protection);
  return protection;
}

/** Waits for what the network brings, which no clock of ours moves. */
async function until(condition: () => boolean, what: string): Promise<void> {
  await vi.waitFor(() => expect(condition(), what).toBe(true), { interval: 2, timeout: 10_000 });
}

const bodies = (): unknown[] => agent.calls.map(({ body }) => JSON.parse(body) as unknown);

describe('ecsTaskProtection', () => {
  it('protects a task that becomes busy and gives it up when it has been idle for a while', async () => {
    const protection = protect({ expiresInMinutes: 45 });
    expect(protection.state).toBe('unprotected');
    protection.busy();
    await until(() => protection.state === 'protected', 'protected');
    expect(agent.isProtected()).toBe(true);
    protection.idle();
    await clock.advance(9_999);
    expect(agent.calls).toHaveLength(1);
    await clock.advance(1);
    await until(() => protection.state === 'unprotected', 'unprotected');
    expect(agent.isProtected()).toBe(false);
    expect(bodies()).toEqual([
      { ProtectionEnabled: true, ExpiresInMinutes: 45 },
      { ProtectionEnabled: false },
    ]);
    expect(agent.calls.every(({ method }) => method === 'PUT')).toBe(true);
    expect(protection.counts).toEqual({ calls: 2, granted: 1, denied: 0, failed: 0 });
  });

  it('makes one call for a thousand jobs in a row', async () => {
    const protection = protect();
    for (let job = 0; job < 1_000; job += 1) {
      protection.busy();
      protection.busy();
      await clock.advance(100);
      protection.idle();
      await clock.advance(10);
      if (job === 0) await until(() => protection.state === 'protected', 'protected');
    }
    expect(agent.calls).toHaveLength(1);
  });

  it('renews at half of the term for as long as there is work, so that it never lapses', async () => {
    const protection = protect({ expiresInMinutes: 10 });
    protection.busy();
    await until(() => protection.state === 'protected', 'protected');
    for (let renewal = 1; renewal <= 5; renewal += 1) {
      await clock.advance(5 * MINUTE_MS);
      await until(() => protection.counts.granted === renewal + 1, 'renewed');
      expect(agent.isProtected()).toBe(true);
    }
    expect(agent.calls).toHaveLength(6);
  });

  it('tries again after throttling, by ECS and by the agent, with a pause that grows', async () => {
    agent.plan(throttled, { kind: 'limit' });
    const protection = protect();
    protection.busy();
    await until(() => protection.counts.failed === 1, 'throttled by ECS');
    await clock.advance(375);
    await until(() => protection.counts.failed === 2, 'throttled by the agent');
    await clock.advance(749);
    expect(agent.calls).toHaveLength(2);
    await clock.advance(1);
    await until(() => protection.state === 'protected', 'protected');
    expect(agent.calls).toHaveLength(3);
  });

  it('leaves an agent that fails alone after three calls, and asks again about a minute later', async () => {
    agent.plan(throttled, throttled, throttled);
    const protection = protect();
    protection.busy();
    for (let failures = 1; failures <= 3; failures += 1) {
      await until(() => protection.counts.failed === failures, 'failed');
      await clock.advance(1_000);
    }
    expect(protection.state).toBe('unreachable');
    await clock.advance(30_000);
    expect(agent.calls).toHaveLength(3);
    await clock.advance(30_000);
    await until(() => protection.state === 'protected', 'protected');
  });

  it.each<[string, AgentFault]>([
    ['no answer', { kind: 'hang' }],
    ['a lost answer', { kind: 'lose-reply' }],
    ['half an answer', { kind: 'cut-reply' }],
    ['an answer that is no JSON', { kind: 'babble' }],
    ['a failing agent', { kind: 'error', status: 500, code: 'ServerException', message: 'oops' }],
    [
      'an agent that cannot reach ECS',
      { kind: 'error', status: 504, code: 'RequestCanceled', message: 'Timed out calling ECS' },
    ],
  ])('takes %s for no protection', async (_name, fault) => {
    agent.plan(fault, fault, fault);
    const protection = protect({ timeoutMs: 2_000 });
    protection.busy();
    const answered = protection.protectedBefore({ deadlineMs: MINUTE_MS });
    for (let failures = 1; failures <= 3; failures += 1) {
      await until(() => agent.calls.length === failures, 'called');
      if (fault.kind === 'hang') await clock.advance(2_000);
      await until(() => protection.counts.failed === failures, 'failed');
      await clock.advance(1_000);
    }
    expect(protection.state).toBe('unreachable');
    expect(await answered).toBe(false);
  });

  it('reports a dead agent', async () => {
    await agent.close();
    const protection = protect();
    protection.busy();
    for (let failures = 1; failures <= 3; failures += 1) {
      await until(() => protection.counts.failed === failures, 'failed');
      await clock.advance(1_000);
    }
    expect(protection.state).toBe('unreachable');
  });

  it.each<[string, AgentFault]>([
    ['a blocked deployment', { kind: 'failure', reason: 'DEPLOYMENT_BLOCKED' }],
    ['a task of no service', { kind: 'failure', reason: 'TASK_NOT_VALID', detail: 'standalone' }],
    ['a missing permission', forbidden],
    ['no task role', { kind: 'error', status: 403, code: 'AccessDeniedException', message: 'no role' }],
  ])('reports %s as denied, at once and with its reason', async (_name, fault) => {
    agent.plan(fault);
    const warnings: object[] = [];
    const protection = protect({ log: { debug: () => {}, warn: (fields) => warnings.push(fields) } });
    protection.busy();
    expect(await protection.protectedBefore({ deadlineMs: MINUTE_MS })).toBe(false);
    expect(protection.state).toBe('denied');
    expect(protection.counts).toEqual({ calls: 1, granted: 0, denied: 1, failed: 0 });
    const reason = fault.kind === 'failure' ? fault.reason : 'AccessDeniedException';
    expect(warnings).toEqual([{ state: 'denied', reason: expect.stringContaining(reason) as string }]);
  });

  it('keeps counting on a protection while its renewal fails, and not a moment longer', async () => {
    const protection = protect({ expiresInMinutes: 10 });
    protection.busy();
    await until(() => protection.state === 'protected', 'protected');
    agent.plan(...Array.from({ length: 100 }, () => forbidden));
    await clock.advance(4.5 * MINUTE_MS);
    await until(() => protection.counts.denied === 1, 'renewal denied');
    expect(protection.state).toBe('protected');
    await clock.advance(5.5 * MINUTE_MS - 1);
    expect([protection.state, agent.isProtected()]).toEqual(['protected', true]);
    await clock.advance(1);
    expect([protection.state, agent.isProtected()]).toEqual(['denied', false]);
  });

  it('does not count on a protection whose end it could not confirm', async () => {
    const protection = protect({ idleLingerMs: 0 });
    protection.busy();
    await until(() => protection.state === 'protected', 'protected');
    agent.plan({ kind: 'hang' });
    protection.idle();
    await clock.advance(0);
    await until(() => agent.calls.length === 2, 'giving up');
    expect(protection.state).toBe('unprotected');
    protection.busy();
    await clock.advance(5_000);
    await until(() => protection.state === 'protected', 'protected again');
    expect(bodies().at(-1)).toMatchObject({ ProtectionEnabled: true });
  });

  it('gives up what was granted after the work had ended', async () => {
    const protection = protect({ idleLingerMs: 0 });
    agent.plan({ kind: 'hang' });
    protection.busy();
    await until(() => agent.calls.length === 1, 'asked');
    protection.idle();
    await clock.advance(5_000);
    await until(() => agent.calls.length === 2, 'given up');
    await until(() => protection.state === 'unprotected', 'unprotected');
    expect(bodies().at(-1)).toEqual({ ProtectionEnabled: false });
    await clock.advance(10 * MINUTE_MS);
    expect(agent.calls).toHaveLength(2);
  });

  it('has nothing to give up after a refusal', async () => {
    agent.plan(forbidden);
    const protection = protect({ idleLingerMs: 0 });
    protection.busy();
    await until(() => protection.state === 'denied', 'denied');
    protection.idle();
    await clock.advance(10 * MINUTE_MS);
    expect(protection.state).toBe('unprotected');
    expect(agent.calls).toHaveLength(1);
  });

  it('refuses options that cannot work, all at once', () => {
    const make = (): unknown =>
      protect({ agentUri: '$ECS_AGENT_URI', expiresInMinutes: 2_881, timeoutMs: 0 });
    expect(make).toThrow(/agentUri is "\$ECS_AGENT_URI".*expiresInMinutes is 2881.*timeoutMs is 0/);
    expect(() => protect({ expiresInMinutes: 0.5 })).toThrow(
      expect.toSatisfy((error) => isLongshoreError(error, 'invalid_options')) as Error,
    );
  });
});

describe('protectedBefore', () => {
  it('answers as soon as the task is protected, and again without a call', async () => {
    const protection = protect();
    protection.busy();
    expect(await protection.protectedBefore({ deadlineMs: 10_000 })).toBe(true);
    expect(await protection.protectedBefore({ deadlineMs: 0 })).toBe(true);
    expect(agent.calls).toHaveLength(1);
  });

  it('answers no at its deadline, when the agent is slow', async () => {
    agent.plan({ kind: 'hang' });
    const protection = protect();
    protection.busy();
    const answered = protection.protectedBefore({ deadlineMs: 3_000 });
    await until(() => agent.calls.length === 1, 'called');
    await clock.advance(3_000);
    expect(await answered).toBe(false);
  });

  it('answers no to a worker that is not busy', async () => {
    expect(await protect().protectedBefore({ deadlineMs: 10_000 })).toBe(false);
    expect(agent.calls).toEqual([]);
  });

  it('does not ask again right after a refusal, and does not sit out the pause either', async () => {
    agent.plan(forbidden);
    const protection = protect();
    protection.busy();
    expect(await protection.protectedBefore({ deadlineMs: 10_000 })).toBe(false);
    expect(await protection.protectedBefore({ deadlineMs: 10_000 })).toBe(false);
    expect(agent.calls).toHaveLength(1);
    await clock.advance(5_000);
    expect(await protection.protectedBefore({ deadlineMs: 10_000 })).toBe(true);
    expect(agent.calls).toHaveLength(2);
  });
});

describe('close', () => {
  it('gives the protection up, once, and leaves no timer', async () => {
    const protection = protect();
    protection.busy();
    await until(() => protection.state === 'protected', 'protected');
    await Promise.all([protection.close(), protection.close()]);
    expect([protection.state, agent.isProtected(), agent.calls.length, clock.timers]).toEqual([
      'unprotected',
      false,
      2,
      0,
    ]);
    protection.busy();
    await clock.advance(MINUTE_MS);
    expect(agent.calls).toHaveLength(2);
  });

  it('ends a call under way and whoever waits for it', async () => {
    agent.plan({ kind: 'hang' });
    const protection = protect();
    protection.busy();
    const answered = protection.protectedBefore({ deadlineMs: MINUTE_MS });
    await until(() => agent.calls.length === 1, 'called');
    await protection.close();
    expect(await answered).toBe(false);
    expect(agent.isProtected()).toBe(false);
    expect(clock.timers).toBe(0);
  });

  it('is free for a worker that never had a job', async () => {
    await protect().close();
    expect(agent.calls).toEqual([]);
  });
});

describe('the agent of these tests', () => {
  const put = (path: string, body: string): Promise<Response> =>
    fetch(`${agent.uri}${path}`, { method: 'PUT', body });

  it.each([
    ['{"ProtectionEnabled":true,"Expires":1}', 400, 'InvalidParameterException'],
    ['{"ExpiresInMinutes":1}', 400, 'InvalidParameterException'],
    ['{"ProtectionEnabled":true,"ExpiresInMinutes":2881}', 400, 'InvalidParameterException'],
    ['nonsense', 400, 'InvalidParameterException'],
  ])('refuses %s', async (body, status, code) => {
    const response = await put('/task-protection/v1/state', body);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { Code: code } });
  });

  it('does not know other tasks', async () => {
    const response = await fetch(agent.uri.replace(/[^/]+$/, 'other/task-protection/v1/state'));
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { Code: 'ResourceNotFoundException' } });
  });

  it('protects for two hours unless told otherwise, and tells when asked', async () => {
    await put('/task-protection/v1/state', '{"ProtectionEnabled":true}');
    await clock.advance(120 * MINUTE_MS - 1);
    const ask = async (): Promise<unknown> => (await fetch(`${agent.uri}/task-protection/v1/state`)).json();
    expect(await ask()).toMatchObject({ protection: { ProtectionEnabled: true, TaskArn: agent.taskArn } });
    await clock.advance(1);
    expect(await ask()).toMatchObject({ protection: { ProtectionEnabled: false, ExpirationDate: null } });
  });
});
