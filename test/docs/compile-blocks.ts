/** Compiles code blocks against the packages of this repository, as a reader's program would be. */
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT, runProgram, toolCommand } from '../check/run-program.ts';
import type { CodeBlock } from './code-blocks.ts';

const NO_CHECK = /^no-check\b\s*(.*)$/;

/** The compiler's complaints, one line each, at the lines of the documentation. */
export async function compileFaults(blocks: readonly CodeBlock[]): Promise<string[]> {
  const chosen = blocks.filter(
    ({ language, note }) => /^(?:ts|typescript)$/.test(language) && !NO_CHECK.test(note),
  );
  if (chosen.length === 0) return [];
  const folder = await mkdtemp(join(tmpdir(), 'longshore-docs-'));
  try {
    // Module resolution and types start from here, as they would in a project that has the packages installed.
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction');
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(settings()));
    await Promise.all(
      chosen.map((block, index) => writeFile(join(folder, `block-${index}.ts`), program(block))),
    );
    const { code, output } = await runProgram(toolCommand('typescript', '-p', folder, '--pretty', 'false'), {
      cwd: folder,
    });
    const faults = output.split('\n').flatMap((line) => placed(line, chosen));
    // Faults of other files are the business of `tsc -b`; but a compiler that cannot run at all must not pass.
    if (code !== 0 && faults.length === 0 && !/\(\d+,\d+\): error TS/.test(output))
      return [`The compiler failed: ${output}`];
    return faults;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Blocks that are left out without saying why. */
export function unreasonedBlocks(blocks: readonly CodeBlock[]): string[] {
  return blocks
    .filter(({ note }) => NO_CHECK.exec(note)?.[1] === '')
    .map(
      ({ path, line }) =>
        `${path}:${line - 1} is not compiled and does not say why: \`\`\`ts no-check <reason>`,
    );
}

function settings(): object {
  return {
    extends: join(ROOT, 'tsconfig.noemit.json'),
    compilerOptions: {
      // `null` unsets what the base sets.
      rootDir: null,
      incremental: false,
      // An example may declare what it does not use any further.
      noUnusedLocals: false,
      noUnusedParameters: false,
    },
    include: ['block-*.ts'],
  };
}

/** The block on its own lines of the file, so that the compiler's positions are those of the documentation. */
function program({ line, lines, given }: CodeBlock): string {
  const text: string[] = Array.from({ length: line - 1 }, () => '');
  for (const [index, code] of (given?.lines ?? []).entries()) text[(given?.line ?? 1) - 1 + index] = code;
  text.push(...lines, 'export {};');
  return text.join('\n');
}

function placed(line: string, blocks: readonly CodeBlock[]): string[] {
  const found = /block-(\d+)\.ts\((\d+),(\d+)\): (.*)$/.exec(line);
  const block = blocks[Number(found?.[1] ?? Number.NaN)];
  return found === null || block === undefined
    ? []
    : [`${block.path}:${String(found[2])}:${String(found[3])} ${String(found[4])}`];
}
