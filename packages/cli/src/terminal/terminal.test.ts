import { describe, expect, it, vi } from 'vitest';
import { wantsColour } from './style.ts';
import { createTerminal, type OutputStream } from './terminal.ts';

const ESCAPE = '\u001B';

function stream(isTTY: boolean, columns = 80): OutputStream & { text: string; fail: (code: string) => void } {
  let listener: ((error: NodeJS.ErrnoException) => void) | undefined;
  return {
    isTTY,
    columns,
    text: '',
    write(text: string) {
      this.text += text;
    },
    on(_event: 'error', added: (error: NodeJS.ErrnoException) => void) {
      listener = added;
    },
    fail(code: string) {
      listener?.(Object.assign(new Error(code), { code }));
    },
  };
}

describe('a terminal', () => {
  it('sends data to stdout and messages to stderr', () => {
    const [stdout, stderr] = [stream(false), stream(false)];
    const terminal = createTerminal({ stdout, stderr, env: {} });
    terminal.write('message');
    terminal.data.write('data');
    terminal.json({ a: 1 });
    expect(stderr.text).toBe('message');
    expect(stdout.text).toBe('data{"a":1}\n');
  });

  it('colours each stream by what that stream is', () => {
    const terminal = createTerminal({ stdout: stream(false), stderr: stream(true), env: {} });
    expect(terminal.data.style.red('x')).toBe('x');
    expect(terminal.style.red('x')).toBe(`${ESCAPE}[31mx${ESCAPE}[39m`);
  });

  it('has no width where the stream is no terminal, and follows a resize where it is one', () => {
    const stdout = { ...stream(true, 80) };
    const terminal = createTerminal({ stdout, stderr: stream(false, 80), env: {} });
    expect(terminal.columns).toBe(Number.POSITIVE_INFINITY);
    expect(terminal.data.columns).toBe(80);
    Object.assign(stdout, { columns: 40 });
    expect(terminal.data.columns).toBe(40);
    Object.assign(stdout, { columns: 0 });
    expect(terminal.data.columns).toBe(Number.POSITIVE_INFINITY);
  });

  it('is interactive only where a person can see and answer', () => {
    const interactive = (stderr: boolean, stdin: boolean, env = {}) =>
      createTerminal({ stdout: stream(false), stderr: stream(stderr), stdin: { isTTY: stdin }, env })
        .isInteractive;
    expect(interactive(true, true)).toBe(true);
    expect(interactive(true, false)).toBe(false);
    expect(interactive(false, true)).toBe(false);
    expect(interactive(true, true, { TERM: 'dumb' })).toBe(false);
  });

  it('goes quiet when its reader goes away, and reports any other failed write', () => {
    const onWriteError = vi.fn<(error: Error) => void>();
    const stdout = stream(false);
    const terminal = createTerminal({ stdout, stderr: stream(false), env: {}, onWriteError });
    terminal.data.write('one');
    stdout.fail('EPIPE');
    expect(terminal.outputClosed.aborted).toBe(true);
    terminal.data.write('two');
    terminal.json('three');
    expect(stdout.text).toBe('one');
    expect(onWriteError).not.toHaveBeenCalled();
    stdout.fail('ENOSPC');
    expect(onWriteError).toHaveBeenCalledOnce();
  });
});

describe('colour', () => {
  it.each([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { TERM: 'dumb' }, false],
    [false, { FORCE_COLOR: '1' }, true],
    [true, { FORCE_COLOR: '0' }, false],
    [true, { FORCE_COLOR: 'false' }, false],
    [true, { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
  ])('on a terminal (%s) with %j is %s', (isTerminal, env, expected) => {
    expect(wantsColour(isTerminal, env)).toBe(expected);
  });
});
