import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { PDFIUM, PDF_PARSE } from '../extract.ts';
import { launchCommand } from './launch-command.ts';

function readable(engine: typeof PDFIUM): string[] {
  const { args } = launchCommand(engine, 300_000_000);
  return args.flatMap((arg) =>
    arg.startsWith('--allow-fs-read=') ? [arg.slice('--allow-fs-read='.length)] : [],
  );
}

describe('the command line of a sandboxed child', () => {
  it.each([
    ['PDFium', PDFIUM],
    ['pdf-parse', PDF_PARSE],
  ])('opens to %s its own code, its packages and manifests, nothing else', (_name, engine) => {
    const paths = readable(engine);
    expect(paths).not.toHaveLength(0);
    const folders = paths.filter((path) => !path.endsWith('/package.json') && !path.endsWith('.ts'));
    for (const path of folders)
      expect(path).toMatch(
        /\/services\/pdf-extraction\/src\/$|\/node_modules\/(?:@embedpdf\/pdfium|pdf-parse|pdfjs-dist)$/,
      );
  });

  it('allows nothing but reading', () => {
    const { args } = launchCommand(PDFIUM, 300_000_000);
    expect(args).toContain('--permission');
    expect(args).toContain('--disallow-code-generation-from-strings');
    expect(args.filter((arg) => arg.startsWith('--allow-') && !arg.startsWith('--allow-fs-read='))).toEqual(
      [],
    );
  });

  it('allows native code to an engine that is made of it, and nothing else', () => {
    const { args } = launchCommand({ ...PDFIUM, isNative: true, argument: '/lib/libpdfium.so' }, 300_000_000);
    expect(args.filter((arg) => arg.startsWith('--allow-') && !arg.startsWith('--allow-fs-read='))).toEqual([
      '--allow-addons',
    ]);
    expect(args.at(-1)).toBe('/lib/libpdfium.so');
  });

  it('does without the kernel’s tools where there are none', () => {
    const { program, args } = launchCommand(PDFIUM, 300_000_000, '/nowhere');
    expect(program).toBe(process.execPath);
    expect(args[0]).toBe('--permission');
  });

  it.runIf(process.platform === 'linux')(
    'bounds writable memory above what is watched, and dies with its worker',
    () => {
      const folder = mkdtempSync(join(tmpdir(), 'bin-'));
      onTestFinished(() => rmSync(folder, { recursive: true }));
      for (const tool of ['prlimit', 'setpriv']) symlinkSync('/bin/true', join(folder, tool));
      const { program, args } = launchCommand(PDFIUM, 300_000_000, folder);
      expect(program).toBe(join(folder, 'prlimit'));
      expect(args.slice(0, 4)).toEqual([
        `--data=${300_000_000 + 1_073_741_824}`,
        '--core=0',
        '--nofile=64',
        '--fsize=0',
      ]);
      expect(args.join(' ')).toContain(
        `${join(folder, 'setpriv')} --pdeathsig KILL --no-new-privs -- ${process.execPath}`,
      );
    },
  );
});
