/**
 * What the ledger costs: the share of a worker's CPU at saturation, the time of a batch, and the disk. CPU is that of the
 * process with all its threads; windows with and without recording alternate in one process, and batches are written every
 * second, five times as often as by default.
 */
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Clock } from '@longshore/job';
import { createRecorder, type EndedAttempt, type Ledger, type LedgerBatch } from '@longshore/ledger';
import { sqliteLedger } from '@longshore/ledger/sqlite';
import { localhostCertificate } from './runtime/certificate.ts';
import type { LedgerWorkerSettings } from './runtime/ledger-worker-entry.ts';
import { startClient, startStub, type Surroundings } from './runtime/processes.ts';

const WARM_UP_MS = 3_000;
const WINDOW_MS = 1_000;
/** Odd: it begins and ends without recording. */
const WINDOWS = 81;
const FLUSH_MS = 1_000;
/** Of a recorder. */
const DEFAULT_FLUSH_MS = 5_000;
const SLOTS = 100;
const JOBS = 1_000_000;
const START_MS = 1_800_000_000_000;
const silent = { info: () => undefined, warn: () => undefined };

/** Runs the measurement and prints it; `--json` prints one line of JSON at the end. */
export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...args], options: { json: { type: 'boolean' } } });
  const [load = 0] = loadavg();
  console.error(`Node.js ${process.version}, ${availableParallelism()} processors, load ${load.toFixed(1)}`);
  const folder = await mkdtemp(join(tmpdir(), 'longshore-bench-'));
  try {
    const result: Record<string, number> = {
      ...(await saturation(folder)),
      endedNanos: endedNanos(),
      ...(await disk(folder, { perSecond: 100, failEvery: 200 })),
      ...(await disk(folder, { perSecond: 2, failEvery: 200 })),
    };
    // The difference above is lost in noise on a busy machine; its parts, measured alone, are not.
    const ofCalls = (result['endedNanos'] ?? 0) / 1_000 / (result['microsPerMessageWithout'] ?? 0);
    const ofBatches = (result['batchCpuMsAt100PerSecond'] ?? 0) / DEFAULT_FLUSH_MS;
    result['sumOfPartsPercent'] = rounded((ofCalls + ofBatches) * 100, 2);
    for (const [key, value] of Object.entries(result)) console.log(`${key.padEnd(34)} ${value}`);
    if (values.json === true) console.log(JSON.stringify(result));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A worker that does nothing but its own work, alternately recorded and not. */
async function saturation(folder: string): Promise<Record<string, number>> {
  const certificate = localhostCertificate(Date.now());
  const certificateFile = join(folder, 'localhost.pem');
  await writeFile(certificateFile, certificate.certificate);
  const surroundings: Surroundings = { certificate, certificateFile, signal: new AbortController().signal };
  await using stub = await startStub(surroundings, { latencyMs: 0 });
  const settings: LedgerWorkerSettings = {
    endpoint: stub.endpoint,
    queueUrl: stub.queueUrl,
    slots: SLOTS,
    path: join(folder, 'saturation.db'),
    flushEveryMs: FLUSH_MS,
  };
  await using client = startClient(surroundings, 'ledger-worker-entry.ts', settings);
  await client.reading();
  await wait(WARM_UP_MS);
  // The second reading turns recording off, so that the first window is without.
  let last = await client.reading();
  const micros: number[] = [];
  for (let window = 0; window < WINDOWS; window += 1) {
    await wait(WINDOW_MS);
    const next = await client.reading();
    micros.push((next.cpuMicros - last.cpuMicros) / (next.handled - last.handled));
    last = next;
  }
  const without = micros.filter((_, index) => index % 2 === 0);
  // Each window with recording beside the two around it.
  const shares = micros.flatMap((on, index) => {
    const [before, after] = [micros[index - 1], micros[index + 1]];
    if (index % 2 === 0 || before === undefined || after === undefined) return [];
    return [(2 * on) / (before + after) - 1];
  });
  shares.sort((a, b) => a - b);
  return {
    microsPerMessageWithout: rounded(median(without), 2),
    cpuSharePercent: rounded(median(shares) * 100, 2),
    lowQuartilePercent: rounded((shares[Math.floor(shares.length / 4)] ?? 0) * 100, 2),
    highQuartilePercent: rounded((shares[Math.floor((shares.length * 3) / 4)] ?? 0) * 100, 2),
  };
}

/** The call alone, with a wait and a duration that differ each time. */
function endedNanos(): number {
  const recorder = createRecorder({
    ledger: {} as Ledger,
    service: 'bench',
    worker: 'bench-1',
    log: silent,
    clock: { nowMs: () => START_MS, after: () => ({ cancel: () => undefined }) },
  });
  const attempts = Array.from({ length: 10_000 }, (_, index) =>
    attempt(START_MS + index / 10, index, index % 100 === 0 ? 'retried' : 'completed'),
  );
  const rounds = Array.from({ length: 200 }, () => {
    const startMs = performance.now();
    for (const each of attempts) recorder.ended(each);
    return ((performance.now() - startMs) * 1e6) / attempts.length;
  });
  return rounded(median(rounds), 0);
}

/** A million jobs of three types at a steady rate, on a clock of our own. */
async function disk(
  folder: string,
  { perSecond, failEvery }: { readonly perSecond: number; readonly failEvery: number },
): Promise<Record<string, number>> {
  const path = join(folder, `disk-${perSecond}.db`);
  const file = sqliteLedger({ path });
  const tookMs: number[] = [];
  const cpuMs: number[] = [];
  const rows: number[] = [];
  const timed: Ledger = {
    ...file,
    async append(batch: LedgerBatch) {
      const startMs = performance.now();
      const before = process.cpuUsage();
      await file.append(batch);
      const { user, system } = process.cpuUsage(before);
      cpuMs.push((user + system) / 1_000);
      tookMs.push(performance.now() - startMs);
      rows.push(batch.attempts.length + batch.arrivals.length + batch.bins.length + batch.jobs.length);
    },
  };
  let nowMs = START_MS;
  const clock: Clock = { nowMs: () => nowMs, after: () => ({ cancel: () => undefined }) };
  const recorder = createRecorder({ ledger: timed, service: 'bench', worker: 'bench-1', log: silent, clock });
  // The slow rate is measured on a part of a million jobs.
  const jobs = Math.min(JOBS, perSecond * 20_000);
  for (let index = 0; index < jobs; index += 1) {
    nowMs = START_MS + (index * 1_000) / perSecond;
    recorder.sent(`job-${index % 3}`, 1);
    recorder.ended(attempt(nowMs, index, index % failEvery === 0 ? 'retried' : 'completed'));
    if ((index + 1) % (perSecond * 5) === 0) await recorder.flush();
  }
  await recorder.stop({ deadlineMs: 10_000 });
  await file.close();
  const { size } = await stat(path);
  const key = (name: string): string => `${name}At${perSecond}PerSecond`;
  return {
    [key('batchMs')]: rounded(median(tookMs), 2),
    [key('batchMs99')]: rounded([...tookMs].sort((a, b) => a - b)[Math.floor(tookMs.length * 0.99)] ?? 0, 2),
    [key('batchCpuMs')]: rounded(cpuMs.reduce((sum, each) => sum + each, 0) / cpuMs.length, 2),
    [key('rowsOfBatch')]: median(rows),
    [key('bytesPerJob')]: rounded(size / jobs, 1),
    [key('MBOfMillionJobs')]: rounded((size / jobs) * (JOBS / 1e6), 0),
    [key('MBOfDay')]: rounded(((size / jobs) * perSecond * 86_400) / 1e6, 1),
  };
}

/** Lognormal-like times: between a millisecond and some seconds. */
function attempt(endedAtMs: number, index: number, kind: 'completed' | 'retried'): EndedAttempt {
  const spread = Math.exp(((index * 7_919) % 1_000) / 160);
  return {
    job: `job-${index % 3}`,
    id: `0199aaaa-0000-7000-8000-${String(index).padStart(12, '0')}`,
    outcome:
      kind === 'completed'
        ? { kind }
        : { kind, delayMs: 1_000, code: 'handler_failed', reason: 'The mail server answered 421' },
    attempt: 1,
    receive: 1,
    waitedMs: spread * 3,
    ranMs: spread,
    endedAtMs,
  };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
