import { describe, expect, it } from 'vitest';
import { mutantFault } from './apply-mutant.ts';
import { commandLine } from './command-line.ts';
import { MUTANTS } from './mutants.ts';
import { seededRandom } from './random.ts';
import { findMutant, runSeeds } from './run-seeds.ts';
import { simulate } from './simulate.ts';
import { simulatedSqs } from './simulated-sqs.ts';
import { virtualTime } from './virtual-time.ts';

const body = (id: string): { readonly body: string } => ({ body: JSON.stringify({ id }) });
const quiet = (): void => undefined;

describe('the simulator', () => {
  it('finds nothing wrong with the runtime in a few hundred worlds', async () => {
    const { bad, events } = await runSeeds({ from: 1, seeds: 300, threads: 2 });
    expect(bad).toEqual([]);
    expect(events).toBeGreaterThan(300 * 100);
  });

  it('replays a seed byte for byte', async () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      const first = await simulate(seed, true);
      const second = await simulate(seed, true);
      expect(second.trace.join('\n'), `seed ${seed}`).toBe(first.trace.join('\n'));
      expect(first.trace.length).toBeGreaterThan(20);
    }
  });

  it('makes worlds in which things go wrong', async () => {
    const traces: string[] = [];
    for (let seed = 1; seed <= 40; seed += 1) traces.push(...(await simulate(seed, true)).trace);
    const all = traces.join('\n');
    for (const event of [
      'ends: crash',
      'freezes for',
      'is told to stop',
      'reply lost',
      'request lost',
      'refused',
      'throttled',
      'out of reach',
      'slow reply',
      'duplicate',
      'lease lost',
      'interrupted',
      'dead letter',
    ])
      expect(all, event).toContain(event);
  });
});

describe('a planted fault', () => {
  const few = ['extends no lease', 'swallows the error of a handler', 'deletes before it buries'];

  it.each(MUTANTS.filter(({ name }) => few.includes(name)))('is found: $name', async (mutant) => {
    expect(await findMutant(mutant, 200)).toBeDefined();
  });

  it('is aimed at a text that occurs once', () => {
    expect(MUTANTS.flatMap((mutant) => mutantFault(mutant) ?? [])).toEqual([]);
  });

  it('that is aimed at nothing is named', () => {
    const mutant = { name: 'lost', file: 'package.json', find: 'no such text', replace: '' };
    expect(mutantFault(mutant)).toContain(
      'Cannot plant mutant "lost": its text occurs 0 times in package.json',
    );
  });

  it('that does not run is no fault that was found', async () => {
    const mutant = {
      name: 'broken',
      file: 'packages/worker/src/inbox.ts',
      find: 'export function inbox<Entry extends Waiting>(',
      replace: 'export function inbox<Entry extends Waiting>((',
    };
    await expect(findMutant(mutant, 1)).rejects.toThrow('The simulator failed');
  });
});

describe('simulated SQS', () => {
  const queue = () => {
    const time = virtualTime(0);
    const dead: string[] = [];
    const sqs = simulatedSqs(time.nowMs, {
      onSent: quiet,
      onDelivered: quiet,
      onShared: quiet,
      onHiddenAgain: quiet,
      onDeleted: quiet,
      onDeadLetter: (_letter, jobId) => dead.push(jobId),
    });
    const take = (leaseMs = 1_000) => sqs.take(10, leaseMs, 'a', () => false);
    const wait = (forMs: number): void => {
      time.after(forMs, quiet);
      time.step();
    };
    return { sqs, dead, take, wait };
  };

  it('accepts a deletion by an old handle and does nothing', () => {
    const { sqs, take, wait } = queue();
    const messageId = sqs.send(body('job'));
    const [old] = take();
    wait(1_000);
    const [latest] = take();
    sqs.remove(messageId, old?.handle ?? '', 'a');
    expect(sqs.size).toBe(1);
    sqs.remove(messageId, latest?.handle ?? '', 'a');
    expect(sqs.size).toBe(0);
  });

  it('refuses to extend by an old handle, or after the end of the lease', () => {
    const { sqs, take, wait } = queue();
    const messageId = sqs.send(body('job'));
    const [first] = take();
    wait(1_000);
    expect(sqs.changeVisibility(messageId, first?.handle ?? '', 1_000, 'extend')).toBe(false);
    const [second] = take();
    expect(sqs.changeVisibility(messageId, first?.handle ?? '', 1_000, 'extend')).toBe(false);
    expect(sqs.changeVisibility(messageId, second?.handle ?? '', 1_000, 'extend')).toBe(true);
  });

  it('moves a message to the dead letters after twenty receives', () => {
    const { sqs, dead, take, wait } = queue();
    sqs.send(body('job'));
    for (let receive = 1; receive <= 20; receive += 1) {
      expect(take()).toHaveLength(1);
      wait(1_000);
    }
    expect(take()).toEqual([]);
    expect(dead).toEqual(['job']);
  });
});

describe('virtual time', () => {
  it('runs timers in order of time, then of making, and none that was cancelled', () => {
    const time = virtualTime(100);
    const ran: string[] = [];
    const random = seededRandom(7);
    const wanted: { readonly at: number; readonly name: string }[] = [];
    for (let index = 0; index < 200; index += 1) {
      const at = random.between(0, 20);
      const timer = time.after(at, () => ran.push(`${time.nowMs()} ${index}`));
      if (index % 5 === 0) timer.cancel();
      else wanted.push({ at, name: `${100 + at} ${index}` });
    }
    while (time.step());
    expect(ran).toEqual(wanted.sort((a, b) => a.at - b.at).map(({ name }) => name));
  });
});

describe('the command line', () => {
  it('has standards, and takes what it is told', () => {
    expect(commandLine([])).toMatchObject({ seeds: 2_000, from: 1, hasMutants: true, isJson: false });
    expect(commandLine(['--seeds', '20000', '--from', '7', '--no-mutants', '--json'])).toMatchObject({
      seeds: 20_000,
      from: 7,
      hasMutants: false,
      isJson: true,
    });
    expect(commandLine(['--seed', '7'])).toMatchObject({ seed: 7 });
  });

  it.each([
    [['--seeds', 'many'], '--seeds is "many", expected a whole number from 1'],
    [['--seeds', '0'], '--seeds is "0", expected a whole number from 1'],
    [['--from', '-1'], '--from'],
    [['--seed', '1.5'], '--seed is "1.5"'],
    [['--seed', '1', '--seeds', '2'], '--seed is one seed'],
    [['--speed'], '--speed'],
  ])('says what is wrong with %j', (args, text) => {
    const line = commandLine(args);
    expect('fault' in line ? line.fault : '').toContain(text);
  });
});
