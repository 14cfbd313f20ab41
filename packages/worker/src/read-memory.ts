/**
 * How much memory this process may use, and how much is in use: by the control group that limits it (version 2, else
 * version 1), else by the machine.
 *
 * What the kernel can drop at once, file pages that were not used lately, is not counted as used: `memory.current` alone
 * grows with every file that is read until it reaches the limit.
 */
import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join, posix } from 'node:path';

/** Memory at one moment. */
export interface MemoryFacts {
  readonly limitBytes: number;
  /** Of the control group, so with its child processes; by the machine's memory, of this process alone. */
  readonly usedBytes: number;
  readonly source: 'cgroup2' | 'cgroup1' | 'machine';
}

/** Where {@link readMemory} looks; elsewhere in tests. */
export interface MemoryRoots {
  /** Default `/sys/fs/cgroup`. */
  readonly cgroupRoot?: string;
  /** Names the group of this process. Default `/proc/self/cgroup`. */
  readonly groupFile?: string;
  readonly totalBytes?: number;
  readonly rssBytes?: () => number;
}

/** The names of one version of control groups. */
interface Version {
  readonly source: 'cgroup2' | 'cgroup1';
  /** Below the root. */
  readonly folder: string;
  /** The line of the group file. */
  readonly line: RegExp;
  readonly limit: string;
  readonly used: string;
  readonly droppable: RegExp;
}

const VERSIONS: readonly Version[] = [
  {
    source: 'cgroup2',
    folder: '',
    line: /^0::(\/.*)$/m,
    limit: 'memory.max',
    used: 'memory.current',
    droppable: /^inactive_file (\d+)$/m,
  },
  {
    source: 'cgroup1',
    folder: 'memory',
    line: /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(\/.*)$/m,
    limit: 'memory.limit_in_bytes',
    used: 'memory.usage_in_bytes',
    droppable: /^total_inactive_file (\d+)$/m,
  },
];

/** Reads the facts now: a few small files that the kernel makes up, in well under a millisecond. Never throws. */
export function readMemory(roots: MemoryRoots = {}): MemoryFacts {
  const {
    cgroupRoot = '/sys/fs/cgroup',
    groupFile = '/proc/self/cgroup',
    totalBytes = totalmem(),
    rssBytes = () => process.memoryUsage.rss(),
  } = roots;
  const groups = textOf(groupFile) ?? '';
  for (const version of VERSIONS) {
    const group = version.line.exec(groups)?.[1] ?? '/';
    const facts = groupFacts(version, join(cgroupRoot, version.folder), group, totalBytes);
    if (facts !== undefined) return facts;
  }
  return { limitBytes: totalBytes, usedBytes: rssBytes(), source: 'machine' };
}

/** The narrowest limit on the way from the group to the root. A container sees its own group as the root. */
function groupFacts(
  version: Version,
  root: string,
  group: string,
  totalBytes: number,
): MemoryFacts | undefined {
  let narrowest: MemoryFacts | undefined;
  for (const folder of pathToRoot(group).map((path) => join(root, path))) {
    const limitBytes = numberOf(textOf(join(folder, version.limit)));
    const usedBytes = numberOf(textOf(join(folder, version.used)));
    // No limit is "max" in version 2 and a number beyond all memory in version 1.
    if (limitBytes === undefined || usedBytes === undefined || limitBytes >= totalBytes) continue;
    if (narrowest !== undefined && narrowest.limitBytes <= limitBytes) continue;
    const droppable = numberOf(version.droppable.exec(textOf(join(folder, 'memory.stat')) ?? '')?.[1]) ?? 0;
    narrowest = { limitBytes, usedBytes: Math.max(0, usedBytes - droppable), source: version.source };
  }
  return narrowest;
}

function pathToRoot(group: string): readonly string[] {
  const path = posix.normalize(group);
  return path === '/' || path === '.' ? ['/'] : [path, ...pathToRoot(posix.dirname(path))];
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // No such control group, version or permission: then it limits nothing that we could heed.
    return undefined;
  }
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+\s*$/.test(text) ? Number(text) : undefined;
}
