/**
 * Our worker runtime beside its peers, on this machine, in one run: CPU, rate, API calls, memory, start. SQS is a stub over
 * TLS that costs its clients what SQS costs them; every variant is a fresh process. A missed bar is said, not failed.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { localhostCertificate } from './runtime/certificate.ts';
import { collect, type Plan, type Row } from './runtime/collect.ts';
import { FIGURES, type Figure } from './runtime/figures.ts';
import { makePublishedProject } from './runtime/published-project.ts';
import { reportJson, reportTable } from './runtime/report.ts';
import { svgChart } from './runtime/svg-chart.ts';

const CHART = fileURLToPath(new URL('../docs/figures/runtime.svg', import.meta.url));

const USAGE = `Usage: pnpm bench runtime [options]

Options
  --only <figure>  measure this figure; may be repeated, or be a list with commas
  --quick          one round with short windows, to try things: its figures are rough
  --sdk            measure our side with the SDK's transport as well, in rows of its own
  --svg            write the comparison to docs/figures/runtime.svg
  --json           print one JSON object as the last line
  --help           show this

Figures
${FIGURES.map(({ key, title }) => `  ${key.padEnd(24)} ${title}`).join('\n')}`;

interface Choice {
  readonly figures: readonly Figure[];
  readonly quick: boolean;
  readonly sdk: boolean;
  readonly svg: boolean;
  readonly json: boolean;
}

const FULL: Omit<Plan, 'transports'> = {
  rounds: 3,
  windows: { warmUpMs: 2_000, shortMs: 4_000, longMs: 5_000 },
  blockedRuns: 3,
  idlePolls: 3,
  starts: 9,
};
const QUICK: Omit<Plan, 'transports'> = {
  rounds: 1,
  windows: { warmUpMs: 700, shortMs: 1_000, longMs: 3_000 },
  blockedRuns: 1,
  idlePolls: 1,
  starts: 3,
};

/** Runs the measurement and prints it. Exit code 0 also where a bar is missed; 2 for wrong options, 130 when interrupted. */
export async function run(args: readonly string[]): Promise<void> {
  const choice = chosen(args);
  if (typeof choice === 'number') {
    process.exitCode = choice;
    return;
  }
  const interruption = new AbortController();
  const stop = (): void => interruption.abort();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const startMs = performance.now();
  const before = machine();
  try {
    const rows = await measured(choice, interruption.signal);
    console.log(reportTable(rows));
    const tookSeconds = Math.round((performance.now() - startMs) / 1_000);
    console.log(`${tookSeconds} s${choice.quick ? ', quick: rough' : ''}; ${before}`);
    if (choice.svg) await writeChart(rows);
    if (choice.json) console.log(JSON.stringify(reportJson(rows)));
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    console.error('Interrupted');
    process.exitCode = 130;
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
  }
}

/** What was measured on. Where others were at work, rates suffer; ratios of CPU suffer less. */
function machine(): string {
  const [load = 0] = loadavg();
  const processors = availableParallelism();
  const busy = load > processors / 2 ? ', BUSY with other work' : '';
  return `Node.js ${process.version}, ${processors} processors, load ${load.toFixed(1)} before${busy}`;
}

async function measured(choice: Choice, signal: AbortSignal): Promise<readonly Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'longshore-bench-'));
  try {
    const certificate = localhostCertificate(Date.now());
    const certificateFile = join(folder, 'localhost.pem');
    await writeFile(certificateFile, certificate.certificate);
    let clients: Promise<string> | undefined;
    return await collect(choice.figures, {
      plan: { ...(choice.quick ? QUICK : FULL), transports: choice.sdk ? [undefined, 'sdk'] : [undefined] },
      surroundings: { certificate, certificateFile, signal },
      clients: () => (clients ??= makePublishedProject(folder, signal)),
      onProgress: (line) => console.error(line),
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeChart(rows: readonly Row[]): Promise<void> {
  await mkdir(dirname(CHART), { recursive: true });
  await writeFile(CHART, svgChart(rows));
  console.log(`Wrote ${CHART}`);
}

/** What the command line asks for, or the exit code of one that asks for nothing. */
function chosen(args: readonly string[]): Choice | number {
  const flag = { type: 'boolean', default: false } as const;
  const options = {
    only: { type: 'string', multiple: true },
    quick: flag,
    sdk: flag,
    svg: flag,
    json: flag,
    help: { ...flag, short: 'h' },
  } as const;
  try {
    const { values } = parseArgs({ args: [...args], options });
    if (values.help) {
      console.log(USAGE);
      return 0;
    }
    const keys = (values.only ?? FIGURES.map(({ key }) => key)).flatMap((key) => key.split(','));
    const unknown = keys.filter((key) => !FIGURES.some((figure) => figure.key === key));
    if (unknown.length > 0) throw new Error(`There is no figure "${unknown.join('", "')}"`);
    const { quick, sdk, svg, json } = values;
    return { figures: FIGURES.filter(({ key }) => keys.includes(key)), quick, sdk, svg, json };
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return 2;
  }
}
