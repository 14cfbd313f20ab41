import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readMemory, type MemoryFacts } from './read-memory.ts';

const MIB = 1_048_576;
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'longshore-cgroup-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Writes files as the kernel shows them, and reads the memory of a machine with 8 GiB. */
function read(files: Readonly<Record<string, string | number>>): MemoryFacts {
  for (const [path, content] of Object.entries(files)) {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `${content}\n`);
  }
  return readMemory({
    cgroupRoot: join(root, 'cgroup'),
    groupFile: join(root, 'self'),
    totalBytes: 8_192 * MIB,
    rssBytes: () => 100 * MIB,
  });
}

const machine: MemoryFacts = { limitBytes: 8_192 * MIB, usedBytes: 100 * MIB, source: 'machine' };

describe('readMemory', () => {
  it('reads a container of version 2, without the file pages that can be dropped', () => {
    const facts = read({
      self: '0::/',
      'cgroup/memory.max': 512 * MIB,
      'cgroup/memory.current': 400 * MIB,
      'cgroup/memory.stat': `anon ${200 * MIB}\nfile ${190 * MIB}\ninactive_file ${150 * MIB}\nactive_file 7`,
    });
    expect(facts).toEqual({ limitBytes: 512 * MIB, usedBytes: 250 * MIB, source: 'cgroup2' });
  });

  it('takes the narrowest limit on the way from a nested group to the root', () => {
    const facts = read({
      self: '0::/fleet.slice/worker.service',
      'cgroup/fleet.slice/memory.max': 1_024 * MIB,
      'cgroup/fleet.slice/memory.current': 900 * MIB,
      'cgroup/fleet.slice/worker.service/memory.max': 'max',
      'cgroup/fleet.slice/worker.service/memory.current': 50 * MIB,
    });
    expect(facts).toEqual({ limitBytes: 1_024 * MIB, usedBytes: 900 * MIB, source: 'cgroup2' });
  });

  it('reads a container of version 1, whose group is not to be seen from inside', () => {
    const facts = read({
      self: '5:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n1:name=systemd:/docker/abc',
      'cgroup/memory/memory.limit_in_bytes': 256 * MIB,
      'cgroup/memory/memory.usage_in_bytes': 200 * MIB,
      'cgroup/memory/memory.stat': `inactive_file 1\ntotal_inactive_file ${20 * MIB}`,
    });
    expect(facts).toEqual({ limitBytes: 256 * MIB, usedBytes: 180 * MIB, source: 'cgroup1' });
  });

  it.each<[string, Record<string, string | number>]>([
    ['nothing', {}],
    ['no limit in version 2', { self: '0::/', 'cgroup/memory.max': 'max', 'cgroup/memory.current': 5 }],
    [
      'no limit in version 1',
      {
        self: '4:memory:/',
        'cgroup/memory/memory.limit_in_bytes': '9223372036854771712',
        'cgroup/memory/memory.usage_in_bytes': 5,
      },
    ],
    ['a limit beyond the machine', { 'cgroup/memory.max': 9_000 * MIB, 'cgroup/memory.current': 5 }],
    ['a limit without a usage', { 'cgroup/memory.max': 512 * MIB }],
    ['nonsense', { self: 'what', 'cgroup/memory.max': 'a lot', 'cgroup/memory.current': 'some' }],
  ])('falls back to the machine when there is %s', (_name, files) => {
    expect(read(files)).toEqual(machine);
  });

  it('reads the memory of this very process', () => {
    const { limitBytes, usedBytes } = readMemory();
    expect(limitBytes).toBeGreaterThan(usedBytes);
    expect(usedBytes).toBeGreaterThan(MIB);
  });
});
