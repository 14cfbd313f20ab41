import { isLongshoreError } from '@longshore/job';
import { describe, expect, it } from 'vitest';
import { defineCommand, type Command } from './command.ts';
import { parseInvocation } from './parse-invocation.ts';

const command: Command = defineCommand({
  name: 'fetch',
  summary: 'Fetch',
  positionals: [
    { name: 'kind', description: 'Kind', choices: ['one', 'two'] },
    { name: 'more', description: 'More', isOptional: true },
  ],
  options: {
    limit: { type: 'integer', short: 'n', default: 10, min: 1, max: 100, description: 'Limit' },
    delay: { type: 'duration', description: 'Delay' },
    mode: { type: 'text', choices: ['fast', 'slow'], description: 'Mode' },
    file: { type: 'text', short: 'f', placeholder: 'path', description: 'File' },
    id: { type: 'text', multiple: true, description: 'Id' },
    'dry-run': { type: 'boolean', description: 'Dry run' },
  },
  run: () => Promise.resolve(0),
});

const parse = (...args: string[]) => parseInvocation(command, 'longshore fetch', args);

function fault(...args: string[]): string {
  try {
    parse(...args);
  } catch (error) {
    if (isLongshoreError(error, 'invalid_options')) return error.message;
    throw error;
  }
  throw new Error('Expected a fault');
}

describe('a command line', () => {
  it('becomes typed values with defaults', () => {
    const { values, positionals } = parse('one', '--delay', '1m30s', '--id', 'a', '--id=b', '--dry-run');
    expect(positionals).toEqual(['one']);
    expect(values).toEqual({
      limit: 10,
      delay: 90_000,
      mode: undefined,
      file: undefined,
      id: ['a', 'b'],
      'dry-run': true,
      json: false,
      'no-color': false,
      help: false,
    });
  });

  it('takes short options, values after =, and words after --', () => {
    expect(parse('two', '-n5', '--mode=slow', '--', '--limit').positionals).toEqual(['two', '--limit']);
    expect(parse('two', '-n', '5').values['limit']).toBe(5);
    expect(parse('two', '--file', '-').values['file']).toBe('-');
    expect(parse('two', '--file=-x').values['file']).toBe('-x');
  });

  it('answers a request for help whatever else is missing', () => {
    expect(parse('--help').values['help']).toBe(true);
    expect(parse('-h', '--json').values).toMatchObject({ help: true, json: true });
  });

  it.each([
    [['one', '--limt', '3'], 'unknown option "--limt", did you mean "--limit"?'],
    [['one', '-x'], 'unknown option "-x"'],
    [['one', '--toString'], 'unknown option "--toString"'],
    [['one', '--limit', '0'], '--limit is "0", expected a whole number from 1 to 100'],
    [['one', '--limit', '1e1'], '--limit is "1e1", expected a whole number'],
    [['one', '--limit', ''], '--limit is "", expected a whole number'],
    [['one', '--limit'], '--limit needs a value'],
    [['one', '--file', '--dry-run'], '--file needs a value, it is followed by "--dry-run"'],
    [['one', '--limit', '1', '--limit', '2'], '--limit was given 2 times'],
    [['one', '--delay', 'soon'], '--delay is "soon", expected a duration like "30s"'],
    [['one', '--mode', 'medium'], '--mode is "medium", expected fast, slow'],
    [['one', '--dry-run=no'], '--dry-run is a switch and takes no value, it got "no"'],
    [[], '<kind> is missing, expected one, two'],
    [['on'], '<kind> is "on", did you mean "one"?'],
    [['one', 'a', 'b c', 'd'], '"b c", "d" are arguments too many'],
  ])('%j is refused: %s', (args, expected) => {
    expect(fault(...args)).toContain(expected);
  });

  it('reports every fault at once', () => {
    const message = fault('--limit', 'x', '--nope');
    for (const part of ['--limit is "x"', '"--nope"', '<kind> is missing', '"longshore fetch"'])
      expect(message).toContain(part);
  });
});
