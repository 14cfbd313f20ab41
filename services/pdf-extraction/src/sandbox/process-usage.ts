/** What a child uses, as the kernel tells it. Linux; elsewhere nothing is known, and other limits stand alone. */
import { readFileSync } from 'node:fs';

/** Resident memory and processor time since the process started. */
export interface ProcessUsage {
  readonly residentBytes: number;
  readonly cpuMs: number;
}

/** `/proc` counts in ticks of 10 ms for user space, whatever the kernel's own rate is (proc_pid_stat(5), USER_HZ). */
const TICK_MS = 10;
const KIB = 1_024;
/** Fields of `/proc/<pid>/stat` after the name: state is the first, utime and stime the 12th and 13th. */
const UTIME = 11;
const STIME = 12;

/** Usage of a process, or `undefined` when it is gone or the system has no `/proc`. */
export function processUsage(pid: number): ProcessUsage | undefined {
  try {
    const resident = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name stands in brackets and may hold anything.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = Number(fields[UTIME]) + Number(fields[STIME]);
    return { residentBytes: Number(resident ?? 0) * KIB, cpuMs: ticks * TICK_MS };
  } catch {
    return undefined;
  }
}
