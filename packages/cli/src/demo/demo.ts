/**
 * `longshore demo`: the document fleet on this machine, from files to searchable text, with a summary and a search
 * prompt. Ctrl-C drains the workers and ends; what is left in the queues is finished by the next run.
 */
import { dirname, join, relative } from 'node:path';
import type { Fleet } from '@longshore/fleet';
import type { Environment } from '@longshore/launch';
import { localState, type LocalState } from '../local/state.ts';
import { startLocalFleet, type LocalFleet } from '../local/local-fleet.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { loadDocumentService } from './document-service.ts';
import { findDocuments } from './find-documents.ts';
import { progressDisplay } from './progress.ts';
import { runDemo, type DemoRun } from './run.ts';
import { searchPrompt } from './search-prompt.ts';
import { summaryText } from './summary.ts';

/** Options of {@link demo}. */
export interface DemoOptions {
  readonly fleet: Fleet;
  readonly fleetPath: string;
  /** Files and folders; without any, the samples that the project ships. */
  readonly paths: readonly string[];
  /** End after the run, without a prompt. */
  readonly once: boolean;
  /** Print the result as one JSON line at the end. */
  readonly json: boolean;
  readonly terminal: Terminal;
  readonly env: Environment;
  readonly cwd: string;
}

/** What workers have to finish when the demo is interrupted. */
const DRAIN_MS = 10_000;
const EXIT_LOST = 1;
const EXIT_INTERRUPTED = 130;

/** Runs the demo. Resolves with the exit code: 0 when every document reached an outcome. */
export async function demo(options: DemoOptions): Promise<number> {
  const { fleet, fleetPath, terminal, cwd, env } = options;
  const folder = dirname(fleetPath);
  const paths = options.paths.length > 0 ? options.paths : [join(folder, 'examples', 'documents')];
  const service = await loadDocumentService(fleet, fleetPath);
  const state = await localState(fleetPath, env);
  const files = await findDocuments(paths, { cwd, stateFolder: state.root });
  const display = progressDisplay(terminal);
  const interrupt = interruption(terminal);
  const running = await startLocalFleet({
    fleet,
    fleetPath,
    state,
    env,
    onEvent: (line) => display.note(terminal.style.dim(`  ${line}`)),
  });
  try {
    display.note(
      `${files.length} documents; queues at ${running.endpointUrl}; state in ${relative(cwd, state.root) || state.root}`,
    );
    const run = await runDemo({
      running,
      service,
      files,
      searchIndexPath: state.searchIndex,
      display,
      signal: interrupt.signal,
    });
    display.end();
    return await finish(run, options, { running, state, interrupt });
  } finally {
    await running.stop({ deadlineMs: DRAIN_MS });
    interrupt.release();
  }
}

interface Finish {
  readonly running: LocalFleet;
  readonly state: LocalState;
  readonly interrupt: Interruption;
}

async function finish(
  run: DemoRun,
  options: DemoOptions,
  { running, state, interrupt }: Finish,
): Promise<number> {
  const { terminal, cwd } = options;
  const textsFolder = relative(cwd, join(state.objects)) || state.objects;
  if (interrupt.signal.aborted) {
    terminal.write('Interrupted: draining the workers. The next run goes on from here.\n');
    await running.stop({ deadlineMs: DRAIN_MS });
    if (options.json) terminal.json(run.result);
    return options.once ? EXIT_INTERRUPTED : 0;
  }
  terminal.write(`${summaryText(run.result, { ...run, textsFolder }, terminal)}\n`);
  const command = 'npx pnpm longshore search "élection"';
  if (options.once || options.json || !terminal.isInteractive) {
    terminal.write(`Search them:     ${command}\n`);
    await running.stop({ deadlineMs: DRAIN_MS });
  } else {
    terminal.write(`Search them:     type below, or later ${command}\n\n`);
    await searchPrompt({ searchIndexPath: state.searchIndex, terminal, signal: interrupt.signal });
  }
  if (options.json) terminal.json(run.result);
  return run.result.lost === 0 ? 0 : EXIT_LOST;
}

interface Interruption {
  readonly signal: AbortSignal;
  release(): void;
}

/** The first Ctrl-C (or SIGTERM) drains, a second one ends at once. */
function interruption(terminal: Terminal): Interruption {
  const controller = new AbortController();
  const listener = (): void => {
    if (controller.signal.aborted) process.exit(EXIT_INTERRUPTED);
    terminal.write('\nStopping: workers finish what they hold (Ctrl-C again ends at once)\n');
    controller.abort();
  };
  process.on('SIGINT', listener);
  process.on('SIGTERM', listener);
  return {
    signal: controller.signal,
    release() {
      process.off('SIGINT', listener);
      process.off('SIGTERM', listener);
    },
  };
}
