/** What the jobs of a soak do: a seeded plan of good, failing and poisonous tasks. */
import { defineJob } from '@longshore/job';
import { z } from 'zod';
import type { Dice } from './dice.ts';

/**
 * How a task ends. Good: `return`, and `recover`, which fails `failures` times first. Poison: `throw` always fails,
 * `bury` asks for the dead-letter queue, `invalid` has a payload that its schema refuses, `garbled` is no job at all,
 * `kill` kills its process.
 */
const TASK_KINDS = ['return', 'recover', 'throw', 'bury', 'invalid', 'garbled', 'kill'] as const;

/** Payload of the soak's job. */
export const taskSchema = z.object({
  n: z.number().int(),
  workMs: z.number().min(0),
  does: z.enum(TASK_KINDS),
  failures: z.number().int(),
});

/** One task. */
export type Task = z.infer<typeof taskSchema>;

/** Attempts of a task that always fails. */
export const MAX_ATTEMPTS = 4;

/** The soak's job. */
export const work = defineJob({
  name: 'work',
  schema: taskSchema,
  retry: { maxAttempts: MAX_ATTEMPTS, baseDelayMs: 20, maxDelayMs: 1_000 },
});

/** Id of a task's job: whoever sends it again sends it under the same one. */
export function jobIdOf(n: number): string {
  return `task-${n}`;
}

/** The number of a task from its job's id, or from the body of one that is no job. */
export function taskNumberOf(text: string): number | undefined {
  const digits = /task-(\d+)/.exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Whether a task is to have its effect. */
export function isGood({ does }: Pick<Task, 'does'>): boolean {
  return does === 'return' || does === 'recover';
}

/** Per thousand tasks; the rest return. Killers are counted apart: each takes its process down again and again. */
const PER_THOUSAND = { recover: 60, throw: 6, bury: 6, invalid: 4, garbled: 4 };

/** Which tasks to make. */
export interface TaskPlan {
  /** Number of the first. */
  readonly first: number;
  readonly count: number;
  /** So many of them, the first ones, kill their process: their end is far away, so they come early. */
  readonly killers: number;
  /** How long they work. Default: mostly a few milliseconds, some up to a second and a half. */
  readonly workMs?: { readonly low: number; readonly high: number } | undefined;
}

/** Makes tasks. */
export function tasksOf(dice: Dice, { first, count, killers, workMs }: TaskPlan): Task[] {
  return Array.from({ length: count }, (_, index) => {
    const does = index < killers ? 'kill' : kindOf(dice);
    const failures = does === 'recover' ? dice.whole(1, 2) : 0;
    const ms = workMs === undefined ? mixedWorkMs(dice) : dice.whole(workMs.low, workMs.high);
    return { n: first + index, workMs: ms, does, failures };
  });
}

function kindOf(dice: Dice): Task['does'] {
  let left = dice.whole(0, 999);
  for (const kind of ['recover', 'throw', 'bury', 'invalid', 'garbled'] as const) {
    left -= PER_THOUSAND[kind];
    if (left < 0) return kind;
  }
  return 'return';
}

function mixedWorkMs(dice: Dice): number {
  const share = dice.roll();
  if (share < 0.75) return dice.whole(3, 50);
  return share < 0.95 ? dice.whole(50, 250) : dice.whole(250, 1_500);
}
