import { LongshoreError } from '@longshore/job';
import { describe, expect, it } from 'vitest';
import { jsonLog, type LogLevel } from './json-log.ts';

function open(level: LogLevel = 'info') {
  const lines: unknown[] = [];
  const log = jsonLog({
    level,
    fields: { name: 'mail' },
    write: (line) => {
      expect(line.endsWith('\n')).toBe(true);
      lines.push(JSON.parse(line));
    },
    nowMs: () => 0,
  });
  return { log, lines };
}

describe('jsonLog', () => {
  it('writes one line of JSON with time, level, message and fields, those of its parents too', () => {
    const { log, lines } = open();
    log.child({ queue: 'q' }).child({ job: 'j' }).warn({ n: 1 }, 'Slow');
    expect(lines).toEqual([
      {
        time: '1970-01-01T00:00:00.000Z',
        level: 'warn',
        msg: 'Slow',
        name: 'mail',
        queue: 'q',
        job: 'j',
        n: 1,
      },
    ]);
  });

  it.each([
    ['debug', ['debug', 'info', 'warn', 'error']],
    ['info', ['info', 'warn', 'error']],
    ['error', ['error']],
    ['silent', []],
  ] as const)('from %s on', (level, expected) => {
    const { log, lines } = open(level);
    for (const name of ['debug', 'info', 'warn', 'error'] as const) log[name]({}, 'x');
    expect(lines.map((line) => (line as { level: string }).level)).toEqual(expected);
  });

  it('writes an error with its code, stack and causes, and numbers of any size', () => {
    const { log, lines } = open();
    const err = new LongshoreError('closed', 'No more', { cause: new Error('because') });
    log.error({ err, big: 2n ** 70n }, 'Failed');
    expect(lines).toMatchObject([
      {
        err: {
          name: 'LongshoreError',
          message: 'No more',
          code: 'closed',
          stack: expect.stringContaining('json-log.test.ts') as string,
          cause: { message: 'because' },
        },
        big: String(2n ** 70n),
      },
    ]);
  });
});
