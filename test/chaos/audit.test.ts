import { memoryObjectStore } from '@longshore/objects/memory';
import { expect, it } from 'vitest';
import { audit, type Findings, type Remains } from './audit.ts';
import { MessageLedger } from './message-ledger.ts';
import type { RunEvent, RunLine } from './run-log.ts';
import type { DeadTask } from './system.ts';
import type { Task } from './task.ts';

const good: Task = { n: 1, workMs: 1, does: 'return', failures: 0 };
const recovers: Task = { n: 2, workMs: 1, does: 'recover', failures: 1 };
const poison: Task = { n: 3, workMs: 1, does: 'bury', failures: 0 };
const letter: DeadTask = { n: 3, code: 'no_good', reason: 'Task 3 is no good', failedAttempts: 1 };

function run(n: number, id: string, events: readonly RunEvent[], attempt = 1): RunLine[] {
  return events.map((event) => ({ event, n, attempt, run: id, atMs: attempt, life: 'a' }));
}

const CLEAN: readonly RunLine[] = [
  ...run(1, 'r1', ['started', 'effect', 'created']),
  ...run(2, 'r2', ['started', 'failed'], 1),
  ...run(2, 'r3', ['started', 'effect', 'created'], 2),
];

async function findings(
  change: Partial<Pick<Remains, 'lines' | 'dead' | 'deaths'>> = {},
  effects: Readonly<Record<string, string>> = { 1: 'r1', 2: 'r3' },
): Promise<Findings> {
  const objects = memoryObjectStore();
  for (const [n, content] of Object.entries(effects)) await objects.put(`effects/${n}`, content);
  const ledger = new MessageLedger();
  const Messages = [{ MessageId: 'm', ReceiptHandle: 'h', Body: '{"id":"task-2"}' }];
  ledger.answered(
    { action: 'ReceiveMessage', path: '/', headers: {}, body: '{}' },
    { status: 200, headers: {}, body: JSON.stringify({ Messages }) },
    true,
  );
  const tasks = [good, recovers, poison];
  return audit({ tasks, objects, ledger, lines: CLEAN, dead: [letter], deaths: new Map(), ...change });
}

it('finds nothing where all went as it should', async () => {
  expect(await findings()).toMatchObject({
    lost: [],
    goodInDlq: [],
    keyedDuplicates: [],
    unkeyedRepeats: 0,
    poisonAstray: [],
    attemptsWrong: [],
    attemptsChecked: 1,
  });
});

it.each([
  ['a good job without its effect', findings({}, { 2: 'r3' }), 'lost', /^\[1\]$/],
  ['a good job among the dead', findings({ dead: [letter, { ...letter, n: 1 }] }), 'goodInDlq', /^\["1 as/],
  [
    'an effect that two runs made',
    findings({ lines: [...CLEAN, ...run(1, 'r4', ['started', 'effect', 'created'])] }),
    'keyedDuplicates',
    /^\[1\]$/,
  ],
  [
    'an effect without a key that is repeated',
    findings({ lines: [...CLEAN, ...run(1, 'r4', ['started', 'effect', 'existed'])] }),
    'unkeyedRepeats',
    /^1$/,
  ],
  ['an effect that another run overwrote', findings({}, { 1: 'r9', 2: 'r3' }), 'keyedDuplicates', /^\[1\]$/],
  ['poison that is nowhere', findings({ dead: [] }), 'poisonAstray', /3 \(bury\) is not/],
  [
    'poison with a wrong code',
    findings({ dead: [{ ...letter, code: 'crashed' }] }),
    'poisonAstray',
    /as crashed/,
  ],
  [
    'an attempt that nothing explains',
    findings({ lines: [...CLEAN, ...run(2, 'r5', ['started', 'effect', 'existed'], 2)] }),
    'attemptsWrong',
    /ran attempts 1, 2, 2, not 1, 2/,
  ],
  [
    'no fault in attempts that a death may explain',
    findings({ deaths: new Map([['a', 3]]) }),
    'attemptsChecked',
    /^0$/,
  ],
] as const)('finds %s', async (_what, found, key, expected) => {
  expect(JSON.stringify((await found)[key])).toMatch(expected);
});

it.each([
  ['its four attempts', 4, 4, 0],
  ['a failure of two deliveries at once, and one attempt more', 5, 5, 0],
  ['fewer attempts than it has', 3, 3, 1],
  ['failures that never were', 5, 4, 1],
])('holds a job that always fails to %s', async (_what, told, made, faults) => {
  const tasks = { n: 4, workMs: 1, does: 'throw', failures: 0 } as const;
  const lines = Array.from({ length: made }, (_, index) =>
    run(4, `t${index}`, ['started', 'failed'], index + 1),
  );
  const dead = {
    n: 4,
    code: 'attempts_exhausted',
    reason: 'Task 4 fails again and again',
    failedAttempts: told,
  };
  const found = await audit({
    tasks: [tasks],
    objects: memoryObjectStore(),
    ledger: undefined,
    lines: lines.flat(),
    dead: [dead],
    deaths: new Map(),
  });
  expect(found.poisonAstray).toHaveLength(faults);
});
