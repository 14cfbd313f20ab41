import { describe, expect, it } from 'vitest';
import { countDrivers, type ReportedFile } from './count-drivers.ts';

const test = (suite: string, status: string, note?: string) => ({
  ancestorTitles: [suite],
  title: 'does',
  status,
  note,
});
const file = (...tests: ReturnType<typeof test>[]): ReportedFile => ({
  name: 'a.test.ts',
  status: tests.some(({ status }) => status === 'failed') ? 'failed' : 'passed',
  assertionResults: tests,
});
const ALL = [
  test('sqsQueue lean (standard) as a queue', 'passed'),
  test('sqsQueue sdk (FIFO) as a queue', 'passed'),
  test('sqsQueue sdk (FIFO) as a queue', 'skipped', 'no delays'),
  test('bullmqQueue as a queue', 'skipped', 'no groups'),
  test('memoryQueue (standard) as a queue', 'passed'),
];

describe('countDrivers', () => {
  it('adds the suites of a driver up', () => {
    expect(countDrivers([file(...ALL, test('a producer', 'passed'))])).toEqual({
      drivers: {
        sqs: { passed: 2, skipped: 1 },
        bullmq: { passed: 0, skipped: 1 },
        memory: { passed: 1, skipped: 0 },
      },
      failed: 0,
      skips: [
        { suite: 'sqsQueue sdk (FIFO) as a queue', test: 'does', reason: 'no delays' },
        { suite: 'bullmqQueue as a queue', test: 'does', reason: 'no groups' },
      ],
      faults: [],
    });
  });

  it('does not take a skip without a reason, nor a test that never ran', () => {
    const silent = [test('a producer', 'skipped'), test('bullmqQueue as a queue', 'pending')];
    expect(countDrivers([file(...ALL, ...silent)]).faults).toEqual([
      'Skipped without a reason: a producer > does',
      'Skipped without a reason: bullmqQueue as a queue > does',
    ]);
  });

  it('names what failed, in a suite or beside it, and files that did not load', () => {
    const broken = { name: 'b.test.ts', status: 'failed', assertionResults: [] };
    const { failed, faults } = countDrivers([file(...ALL, test('a producer', 'failed')), broken]);
    expect({ failed, faults }).toEqual({
      failed: 2,
      faults: ['Failed: a producer > does', 'Failed to load: b.test.ts'],
    });
  });

  it('does not take a driver without a suite for one that passes', () => {
    expect(countDrivers([file(...ALL.slice(0, 3), ...ALL.slice(4))]).faults).toEqual([
      'Driver "bullmq" has no suite: expected one called "bullmqQueue … as a queue"',
    ]);
  });
});
