/**
 * Task scale-in protection (developer guide, "Protect your Amazon ECS tasks from being terminated by scale-in events"; API
 * reference, `UpdateTaskProtection`).
 */
import { isProtected, isRunning, type Task } from './model.ts';

export const DEFAULT_PROTECTION_MINUTES = 120;
export const MAX_PROTECTION_MINUTES = 2_880;

/** Why the protection is refused, in the words of the API. */
export interface ProtectionRefusal {
  readonly reason: 'TASK_NOT_VALID' | 'DEPLOYMENT_BLOCKED';
  readonly detail: string;
}

/**
 * Asking again starts the time anew. The documents refuse a protection that would make more of them than the service's
 * desired count; they are silent on one that is there already, which is renewed here.
 */
export function protect(task: Task, minutes: number, nowMs: number): ProtectionRefusal | undefined {
  if (!isRunning(task))
    return { reason: 'TASK_NOT_VALID', detail: 'Task is not in a valid state to be protected' };
  const others = [...task.service.tasks].filter(
    (each) => each !== task && isRunning(each) && isProtected(each, nowMs),
  );
  if (!isProtected(task, nowMs) && others.length + 1 > task.service.desiredCount)
    return {
      reason: 'DEPLOYMENT_BLOCKED',
      detail: 'The service has more protected tasks than its desired count',
    };
  task.protectedUntilMs = nowMs + minutes * 60_000;
  return undefined;
}
