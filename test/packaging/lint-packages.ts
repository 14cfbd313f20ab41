/**
 * Packs every package as a release would and lints the tarballs: content, publint, attw. Prints the faults and exits 1 when
 * there are any. The packages must be built (`tsc -b`).
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { runProgram, toolCommand } from '../check/run-program.ts';
import { contentFaults } from './content-faults.ts';
import { packPackages, type PackedPackage } from './pack-packages.ts';

/** At once; each attw holds a compiler. */
const ATTW_AT_ONCE = 2;

const folder = await mkdtemp(join(tmpdir(), 'longshore-packages-'));
try {
  const packages = await packPackages(folder);
  const faults = [...(await Promise.all(packages.map(lint))).flat(), ...(await attwFaults(packages))];
  for (const fault of faults) console.error(fault);
  if (packages.length === 0 || faults.length > 0) process.exitCode = 1;
  console.log(`${packages.length} packages, ${faults.length} faults`);
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function lint(packed: PackedPackage): Promise<string[]> {
  const bytes = await readFile(packed.tarball);
  const { messages, pkg } = await publint({ pack: { tarball: new Uint8Array(bytes).buffer }, strict: true });
  const published = messages.map((message) => formatMessage(message, pkg, { color: false }) ?? message.code);
  return [...(await contentFaults(packed)), ...published].map((fault) => `${packed.name} ${fault}`);
}

async function attwFaults(packages: readonly PackedPackage[]): Promise<string[]> {
  const waiting = [...packages];
  const faults: string[] = [];
  const lane = async (): Promise<void> => {
    for (let packed = waiting.shift(); packed !== undefined; packed = waiting.shift()) {
      // The packages are ESM only and say so; the profile leaves out what only CommonJS callers would see.
      const command = toolCommand(
        '@arethetypeswrong/cli',
        packed.tarball,
        '--profile',
        'esm-only',
        '--no-emoji',
      );
      const { code, output } = await runProgram(command);
      if (code !== 0) faults.push(`${packed.name} has types that do not resolve:\n${output.trim()}`);
    }
  };
  await Promise.all(Array.from({ length: ATTW_AT_ONCE }, lane));
  return faults;
}
