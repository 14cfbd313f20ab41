/**
 * The container agent's endpoint for scale-in protection, at `$ECS_AGENT_URI/task-protection/v1/state`, joined with the
 * stand-in's tasks (developer guide, "Amazon ECS task scale-in protection endpoint").
 */
import { isProtected, type Task } from './model.ts';
import { DEFAULT_PROTECTION_MINUTES, protect } from './protection.ts';
import type { World } from './world.ts';

export function answerAgent(
  world: World,
  method: string,
  url: string,
  body: string,
): readonly [status: number, answer: object] {
  const id = /^\/api\/([^/]+)\/task-protection\/v1\/state$/.exec(url)?.[1];
  const task = [...world.cluster.services.values()]
    .flatMap(({ tasks }) => [...tasks])
    .find((each) => each.id === id);
  if (task === undefined)
    return [
      404,
      {
        error: {
          Arn: '',
          Code: 'ResourceNotFoundException',
          Message: 'Failed to find a task for the request',
        },
      },
    ];
  const nowMs = world.time.nowMs();
  if (method === 'PUT') {
    const { ProtectionEnabled: isWanted, ExpiresInMinutes: minutes = DEFAULT_PROTECTION_MINUTES } =
      JSON.parse(body) as {
        ProtectionEnabled?: boolean;
        ExpiresInMinutes?: number;
      };
    const refusal = isWanted === true ? protect(task, minutes, nowMs) : undefined;
    if (isWanted !== true) {
      task.protectedUntilMs = undefined;
      world.changed(task.service);
    }
    if (refusal !== undefined)
      return [200, { failure: { Arn: task.arn, Reason: refusal.reason, Detail: refusal.detail } }];
  }
  return [200, { protection: protectionOf(task, nowMs) }];
}

function protectionOf(task: Task, nowMs: number): object {
  const isOn = isProtected(task, nowMs);
  const until = isOn && task.protectedUntilMs !== undefined ? new Date(task.protectedUntilMs) : null;
  return { ExpirationDate: until?.toISOString() ?? null, ProtectionEnabled: isOn, TaskArn: task.arn };
}
