/**
 * The command line of a sandboxed child: Node.js with its permission model, behind the kernel's limits where the system
 * has the tools for them.
 *
 * Network access stays open to the child (Node.js 24 cannot take it away); the service's security group closes it.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { withKernelLimits, type LaunchCommand } from './kernel-limits.ts';

/** An engine as the sandbox runs it. */
export interface SandboxEngine {
  /** URL of the module that exports `createEngine`. */
  readonly moduleUrl: string;
  /** Packages that it loads, by name; each is found from the one before it. Nothing else is readable to the child. */
  readonly packages: readonly string[];
  /** Further readable files or folders. Default none. */
  readonly readable?: readonly string[];
  /** Handed to `createEngine`. Default empty. */
  readonly argument?: string;
  /**
   * Whether it loads native code, which the permission model cannot hold: it may then do whatever its user may, within the
   * kernel's limits. Default false.
   */
  readonly isNative?: boolean;
}

/**
 * Room between the memory that is watched and the kernel's own limit on writable memory. Node.js reserves 620 to 650 MiB
 * of it at its start without touching them.
 */
const DATA_HEADROOM_BYTES = 1_073_741_824;
const MIB = 1_048_576;
const WASM_PAGE_BYTES = 65_536;
/** A child holds its pipes and what Node.js needs, about twenty; it writes no file at all. */
const KERNEL_LIMITS = ['--core=0', '--nofile=64', '--fsize=0'];

/**
 * The command for an engine. On Linux with util-linux, `setpriv` has the kernel kill the child with its worker, even in
 * an endless loop; `prlimit` bounds writable memory, should the watch be too slow, and forbids files that grow, more than a few
 * open ones, and core dumps.
 */
export function launchCommand(
  engine: SandboxEngine,
  memoryBytes: number,
  searchPath?: string,
): LaunchCommand {
  const args = [
    '--permission',
    ...readablePaths(engine).map((path) => `--allow-fs-read=${path}`),
    ...(engine.isNative === true ? ['--allow-addons'] : []),
    '--disallow-code-generation-from-strings',
    `--max-old-space-size=${Math.floor(memoryBytes / MIB)}`,
    // Strings of pages live shortly; by default they take 48 MiB before the collector looks at them.
    '--max-semi-space-size=1',
    // One thread to compile and collect: further ones take memory, and the processor from the other children.
    '--v8-pool-size=1',
    // Exact, where the watch is late: the module is refused more, and the engine says that it is out of memory.
    `--wasm-max-mem-pages=${Math.floor(memoryBytes / WASM_PAGE_BYTES)}`,
    '--no-warnings',
    entryPath(),
    engine.moduleUrl,
    engine.argument ?? '',
  ];
  return withKernelLimits(
    { program: process.execPath, args },
    [`--data=${memoryBytes + DATA_HEADROOM_BYTES}`, ...KERNEL_LIMITS],
    searchPath,
  );
}

function entryPath(): string {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return fileURLToPath(new URL(`./sandbox-entry.${extension}`, import.meta.url));
}

/** This service's code, the engine's packages, and the manifests that module loading looks for on the way to them. */
function readablePaths(engine: SandboxEngine): string[] {
  const source = fileURLToPath(new URL('../', import.meta.url));
  const code = [
    source,
    fileURLToPath(engine.moduleUrl),
    ...packagePaths(engine.packages),
    ...(engine.readable ?? []),
  ];
  const manifests = code.flatMap(foldersAbove).map((folder) => join(folder, 'package.json'));
  return [...new Set([...code, ...manifests])];
}

/** Folders of packages: as linked in a `node_modules`, and as they really lie. */
function packagePaths(names: readonly string[]): string[] {
  let from = fileURLToPath(import.meta.url);
  return names.flatMap((name) => {
    const require = createRequire(from);
    const entry = require.resolve(name);
    const root =
      foldersAbove(entry).find((folder) => folder.endsWith(join('node_modules', name))) ?? dirname(entry);
    const links = (require.resolve.paths(name) ?? [])
      .map((folder) => join(folder, name))
      .filter((path) => existsSync(path));
    from = entry;
    return [root, ...links];
  });
}

function foldersAbove(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [] : [parent, ...foldersAbove(parent)];
}
