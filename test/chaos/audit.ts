/** The end of a soak: what the stores, the dead-letter queue and the run logs say, held against what was to happen. */
import { readText, type ObjectStore } from '@longshore/objects';
import type { MessageLedger } from './message-ledger.ts';
import { effectKeyOf } from './perform-task.ts';
import type { RunLine } from './run-log.ts';
import type { DeadTask } from './system.ts';
import { MAX_ATTEMPTS, isGood, jobIdOf, type Task } from './task.ts';

/** What a soak left behind. */
export interface Remains {
  readonly tasks: readonly Task[];
  readonly lines: readonly RunLine[];
  readonly objects: ObjectStore;
  readonly dead: readonly DeadTask[];
  /** When each process ended, by its name. */
  readonly deaths: ReadonlyMap<string, number>;
  readonly ledger: MessageLedger | undefined;
}

/** The findings. Numbers of tasks; the first of each list are enough to look into it. */
export interface Findings {
  /** Good tasks without their effect. */
  readonly lost: readonly number[];
  /** Good tasks among the dead, with what was said of them. */
  readonly goodInDlq: readonly string[];
  /** Good tasks whose effect two runs made, or that is not the one that its maker made. */
  readonly keyedDuplicates: readonly number[];
  /** Effects without a key that were one too many. */
  readonly unkeyedRepeats: number;
  /** Poison that is not among the dead, or there with a wrong code, no reason or wrong attempts. */
  readonly poisonAstray: readonly string[];
  /** Tasks that failed, and that neither a crash nor a fault touched, whose attempts are not 1, 2, 3 …. */
  readonly attemptsWrong: readonly string[];
  /** How many tasks were held to that. */
  readonly attemptsChecked: number;
  readonly poison: number;
  readonly runs: number;
}

/** An acknowledgement may be this late: a process that dies sooner after a run may have it run again. */
const ACKNOWLEDGED_WITHIN_MS = 2_000;

const READS_AT_ONCE = 64;

const CODES: Readonly<Record<string, string>> = {
  throw: 'attempts_exhausted',
  bury: 'no_good',
  invalid: 'invalid_payload',
  garbled: 'undecodable_message',
  kill: 'crashed',
};

/** Reads everything and compares. */
export async function audit(remains: Remains): Promise<Findings> {
  const { tasks, lines, objects, dead } = remains;
  const good = tasks.filter(isGood);
  const goodNumbers = new Set(good.map(({ n }) => n));
  const linesOf = Map.groupBy(lines, ({ n }) => n);
  const lost: number[] = [];
  const keyedDuplicates: number[] = [];
  for (const group of batches(good, READS_AT_ONCE)) {
    const contents = await Promise.all(group.map(({ n }) => readText(objects, effectKeyOf(n))));
    for (const [index, { n }] of group.entries()) {
      const content = contents[index];
      if (content === undefined) lost.push(n);
      else if (!isMadeOnce(content, linesOf.get(n) ?? [])) keyedDuplicates.push(n);
    }
  }
  const effects = lines.filter(({ event }) => event === 'effect');
  const attempts = checkAttempts(remains, linesOf);
  return {
    lost,
    keyedDuplicates,
    goodInDlq: goodAmong(dead, goodNumbers),
    unkeyedRepeats: effects.length - new Set(effects.map(({ n }) => n)).size,
    poisonAstray: poisonAstray(tasks, dead, linesOf),
    attemptsWrong: attempts.wrong,
    attemptsChecked: attempts.checked,
    poison: tasks.length - good.length,
    runs: lines.filter(({ event }) => event === 'started').length,
  };
}

function goodAmong(dead: readonly DeadTask[], good: ReadonlySet<number>): string[] {
  const letterOf = new Map(dead.filter(({ n }) => good.has(n)).map((letter) => [letter.n, letter]));
  return [...letterOf.values()].map(({ n, code, reason }) => `${n} as ${code}: ${reason}`);
}

/** At most one run says that it made the effect (its process may have died before saying so), and the effect is its. */
function isMadeOnce(content: string, lines: readonly RunLine[]): boolean {
  const makers = lines.filter(({ event }) => event === 'created');
  const isKnown = lines.some(({ event, run }) => event === 'effect' && run === content);
  return isKnown && makers.every(({ run }) => run === content);
}

function poisonAstray(
  tasks: readonly Task[],
  dead: readonly DeadTask[],
  linesOf: ReadonlyMap<number, readonly RunLine[]>,
): string[] {
  const lettersOf = Map.groupBy(dead, ({ n }) => n);
  return tasks.flatMap((task) => {
    if (isGood(task)) return [];
    const letters = lettersOf.get(task.n) ?? [];
    if (letters.length === 0) return [`${task.n} (${task.does}) is not in the dead-letter queue`];
    return letters.flatMap(({ code, reason, failedAttempts }) => {
      const about = `${task.n} (${task.does}) was buried as ${code} after ${failedAttempts} failed attempts: ${reason}`;
      const isCounted = task.does !== 'throw' || isExhausted(failedAttempts, linesOf.get(task.n) ?? []);
      return code === CODES[task.does] && reason.length > 10 && isCounted ? [] : [about];
    });
  });
}

/**
 * All attempts were made, and none is told of that was not. A worker that was starved of its lease may fail beside the
 * next one: then both failures count, and one more attempt follows, for burying at once would bury a job whose last
 * attempt succeeded and whose acknowledgement was lost. Jobs that nothing touched are held to the exact attempts below.
 */
function isExhausted(failedAttempts: number, lines: readonly RunLine[]): boolean {
  const failures = lines.filter(({ event }) => event === 'failed').length;
  return failedAttempts >= MAX_ATTEMPTS && failedAttempts <= failures;
}

function checkAttempts(
  { tasks, deaths, ledger }: Remains,
  linesOf: ReadonlyMap<number, readonly RunLine[]>,
): { checked: number; wrong: string[] } {
  const wrong: string[] = [];
  let checked = 0;
  for (const task of tasks) {
    if (task.does !== 'recover' && task.does !== 'throw') continue;
    const lines = linesOf.get(task.n) ?? [];
    if (ledger?.isUndisturbed(jobIdOf(task.n)) !== true || isTouchedByDeath(lines, deaths)) continue;
    checked += 1;
    const last = task.does === 'throw' ? MAX_ATTEMPTS : task.failures + 1;
    const expected = Array.from({ length: last }, (_, index) => index + 1).join(', ');
    const found = lines
      .filter(({ event }) => event === 'started')
      .sort((a, b) => a.atMs - b.atMs)
      .map(({ attempt }) => attempt)
      .join(', ');
    if (found !== expected) wrong.push(`${task.n} (${task.does}) ran attempts ${found}, not ${expected}`);
  }
  return { checked, wrong };
}

/** Whether a run of these was cut off, or ended so shortly before its process that nobody may have heard of its end. */
function isTouchedByDeath(lines: readonly RunLine[], deaths: ReadonlyMap<string, number>): boolean {
  const runs = Map.groupBy(lines, ({ run }) => run);
  return [...runs.values()].some((events) => {
    const last = events.at(-1);
    if (last === undefined || last.event === 'started' || last.event === 'aborted' || last.event === 'effect')
      return true;
    const diedAtMs = deaths.get(last.life);
    return diedAtMs !== undefined && diedAtMs - last.atMs < ACKNOWLEDGED_WITHIN_MS;
  });
}

function batches<Item>(items: readonly Item[], size: number): Item[][] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, index) => items.slice(index * size, (index + 1) * size));
}
