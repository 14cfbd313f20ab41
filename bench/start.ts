/**
 * How long a newcomer waits: from the demo command to the first extracted document, and to the end, three times warm;
 * with `--cold` also once from a fresh clone with an empty home and an empty package store, install included.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PNPM = 'pnpm@12.21.0';

interface Timing {
  readonly firstDocumentMs: number;
  readonly totalMs: number;
  readonly exitCode: number | null;
}

/** Runs the measurement and prints it; `--json` prints one line of JSON at the end. */
export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { cold: { type: 'boolean' }, json: { type: 'boolean' } },
  });
  const warm: Timing[] = [];
  for (let round = 0; round < 3; round += 1) warm.push(await demo(ROOT, newcomersEnvironment()));
  const cold = values.cold === true ? await fromFreshClone() : undefined;
  const result = {
    warmFirstDocumentMs: median(warm.map((timing) => timing.firstDocumentMs)),
    warmTotalMs: median(warm.map((timing) => timing.totalMs)),
    ...(cold === undefined ? {} : { coldFirstDocumentMs: cold.firstDocumentMs, coldTotalMs: cold.totalMs }),
  };
  console.log(
    values.json === true
      ? JSON.stringify(result)
      : Object.entries(result)
          .map(([key, value]) => `${key.padEnd(22)} ${value}`)
          .join('\n'),
  );
  if ([...warm, cold].some((timing) => timing !== undefined && timing.exitCode !== 0)) process.exitCode = 1;
}

/** As in a shell of one's own: without what pnpm adds for its scripts. */
function newcomersEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(?:npm_|pnpm_)/i.test(name));
  const path = (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => !folder.includes('node_modules'));
  return { ...Object.fromEntries(kept), PATH: path.join(delimiter) };
}

async function fromFreshClone(): Promise<Timing> {
  const folder = await mkdtemp(join(tmpdir(), 'longshore-cold-'));
  try {
    await finished(spawn('git', ['clone', '--quiet', ROOT, join(folder, 'clone')], { stdio: 'inherit' }));
    const home = join(folder, 'home');
    const cache = {
      XDG_DATA_HOME: join(home, 'data'),
      XDG_CACHE_HOME: join(home, 'cache'),
      npm_config_cache: join(home, 'npm'),
    };
    const env = { ...newcomersEnvironment(), HOME: home, ...cache };
    return await demo(join(folder, 'clone'), env);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function demo(cwd: string, env: NodeJS.ProcessEnv): Promise<Timing> {
  const state = await mkdtemp(join(tmpdir(), 'longshore-start-'));
  const startMs = performance.now();
  const child = spawn('npx', ['--yes', PNPM, 'demo', '--once', '--json'], {
    cwd,
    env: { ...env, LONGSHORE_STATE: state },
    stdio: 'ignore',
  });
  let firstDocumentMs = Number.NaN;
  const watch = setInterval(() => {
    void readdir(join(state, 'objects'), { recursive: true }).then(
      (names) => {
        if (Number.isNaN(firstDocumentMs) && names.some((name) => /extractions.*[0-9a-f]{64}/.test(name)))
          firstDocumentMs = Math.round(performance.now() - startMs);
      },
      () => undefined,
    );
  }, 20);
  const exitCode = await finished(child);
  clearInterval(watch);
  const totalMs = Math.round(performance.now() - startMs);
  await rm(state, { recursive: true, force: true });
  return { firstDocumentMs, totalMs, exitCode };
}

function finished(child: ReturnType<typeof spawn>): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code));
  });
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
