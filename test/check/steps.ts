/** The steps of `pnpm check`, as data. */
import { toolCommand, type CommandLine } from './run-program.ts';

/** One check. */
export interface Step {
  readonly name: string;
  readonly summary: string;
  readonly command: () => CommandLine;
  /** The step whose result this one needs: it is not run when that one failed. */
  readonly needs?: string;
}

/** All checks, the slow ones first so that two processors stay busy. */
export const STEPS: readonly Step[] = [
  {
    name: 'types',
    summary: 'every project type-checks and builds (tsc -b)',
    command: () => toolCommand('typescript', '-b'),
  },
  {
    name: 'lint',
    summary: 'no warning from oxlint, type-aware: floating promises, import cycles, size limits',
    command: () =>
      toolCommand(
        'oxlint',
        '--type-aware',
        '--deny-warnings',
        '--report-unused-disable-directives-severity=error',
      ),
  },
  {
    name: 'docs',
    summary: 'code blocks compile, commands and links exist (test/docs)',
    command: () => toolCommand('vitest', 'run', 'test/docs'),
  },
  {
    name: 'architecture',
    summary: 'imports follow the arrows, files stand where they belong (test/architecture)',
    command: () => toolCommand('vitest', 'run', 'test/architecture'),
  },
  {
    name: 'packages',
    summary: 'what would be published is whole and its types resolve (publint, attw)',
    command: () => [process.execPath, 'test/packaging/lint-packages.ts'],
    needs: 'types',
  },
  {
    name: 'unused',
    summary: 'no unused file, no unused export (knip)',
    command: () => toolCommand('knip', '--no-progress', '--no-config-hints'),
  },
  {
    name: 'format',
    summary: 'every file is formatted (oxfmt --check)',
    command: () => toolCommand('oxfmt', '--check', '.'),
  },
];
