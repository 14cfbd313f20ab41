/** `longshore enqueue`: sends one job, or as many as there are lines. */
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Readable } from 'node:stream';
import {
  formatDuration,
  LongshoreError,
  newJobId,
  parseJson,
  parsePayload,
  type JobDefinition,
} from '@longshore/job';
import { FLEET_OPTION, defineCommand, type Command } from '../command.ts';
import { EXIT_INTERRUPTED, EXIT_OK } from '../exit-code.ts';
import { listenForInterruption } from '../interruption.ts';
import { loadFleet } from '../load-fleet.ts';
import { loadJob } from '../load-jobs.ts';
import { sendLines } from '../send-lines.ts';
import type { Terminal } from '../terminal/terminal.ts';

/** Where payloads come from. */
type Source =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'lines'; readonly path: string };

const STDIN = '-';

/** The command. */
export const enqueue: Command = defineCommand({
  name: 'enqueue',
  summary: 'Send jobs to their queues',
  description: [
    "The payload is checked by the job's schema before anything is sent. The definition is taken from the index.ts beside the service's entry. Prints the id of each job.",
    'With --lines, jobs are sent while lines are read, so any number of them can come through a pipe. The first bad line ends it; the message says from which line to go on.',
  ],
  usage: '<job> [json | -]',
  positionals: [
    { name: 'job', description: 'Name of a job of the fleet', completes: 'jobs' },
    { name: 'payload', description: 'JSON text, or - to read it from stdin', isOptional: true },
  ],
  options: {
    file: { type: 'text', short: 'f', placeholder: 'path', description: 'Read the payload from a JSON file' },
    lines: {
      type: 'text',
      placeholder: 'path',
      description: 'Send a job for each line of a JSON Lines file; - is stdin',
      completes: 'files',
    },
    id: { type: 'text', description: 'Id of the job (default: a new one, ordered by time)' },
    delay: {
      type: 'duration',
      description: 'Hide the jobs for this long, for instance 10s (SQS: up to 15m)',
    },
    fleet: FLEET_OPTION,
  },
  examples: [
    { command: `longshore enqueue extract-pdf '{"key":"documents/report.pdf"}'`, note: 'One job' },
    { command: 'longshore enqueue extract-pdf --file payload.json --delay 30s', note: 'From a file, later' },
    {
      command: 'generate-payloads | longshore enqueue extract-pdf --lines -',
      note: 'Any number of jobs, one JSON value a line',
    },
  ],
  async run({ values, positionals: [name = '', text], terminal, env, cwd }) {
    const { file, lines, id, delay: delayMs } = values;
    const source = chooseSource({ text, file, lines }, cwd);
    if (source.kind === 'lines' && id !== undefined) {
      throw new LongshoreError(
        'invalid_options',
        'Cannot give all lines one id: leave out --id, or enqueue one job',
      );
    }
    const loaded = await loadFleet({ cwd, path: values.fleet });
    const definition = await loadJob(loaded, name);
    // Read and checked first: connecting to send a payload that is wrong would be for nothing.
    const payload = source.kind === 'lines' ? undefined : await readPayload(definition, source);
    const { connect } = await import('../local/connection.ts');
    await using connection = await connect({ fleet: loaded.fleet, fleetPath: loaded.path, env });
    const { producer } = connection.opened;
    const delay = delayMs === undefined ? {} : { delayMs };
    if (source.kind === 'lines') {
      return await sendAll({
        definition,
        path: source.path,
        terminal,
        json: values.json,
        send: async (linePayload) => (await producer.enqueue(definition, linePayload, delay)).id,
      });
    }
    const jobId = id ?? newJobId();
    await producer.enqueue(definition, payload, { ...delay, id: jobId });
    if (values.json) terminal.json({ id: jobId, job: name });
    else terminal.data.write(`${jobId}\n`);
    return EXIT_OK;
  },
});

function chooseSource(
  given: { text: string | undefined; file: string | undefined; lines: string | undefined },
  cwd: string,
): Source {
  const { text, file, lines } = given;
  const count = [text, file, lines].filter((each) => each !== undefined).length;
  if (count !== 1) {
    const what = count === 0 ? 'No payload' : 'More than one payload';
    throw new LongshoreError('invalid_options', `${what}: give JSON text, - for stdin, --file or --lines`);
  }
  const place = (path: string): string => (path === STDIN ? STDIN : resolve(cwd, path));
  if (lines !== undefined) return { kind: 'lines', path: place(lines) };
  if (file !== undefined) return { kind: 'file', path: place(file) };
  return text === STDIN ? { kind: 'file', path: STDIN } : { kind: 'text', text: text ?? '' };
}

async function readPayload(
  definition: JobDefinition,
  source: Exclude<Source, { kind: 'lines' }>,
): Promise<unknown> {
  const json = parseJson(source.kind === 'text' ? source.text : await readAll(source.path));
  if (!json.ok) {
    const where =
      source.kind === 'text' ? 'the command line (quote it for the shell)' : sourceName(source.path);
    throw new LongshoreError('invalid_payload', `Payload from ${where} is not JSON: ${json.fault.reason}`, {
      details: { fault: json.fault.code },
    });
  }
  const parsed = await parsePayload(definition, json.value);
  if (!parsed.ok) throw parsed.error;
  return json.value;
}

async function readAll(path: string): Promise<Uint8Array> {
  if (path === STDIN) return Buffer.concat(await Array.fromAsync(process.stdin as AsyncIterable<Buffer>));
  return readFile(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
}

interface SendAll {
  readonly definition: JobDefinition;
  readonly path: string;
  readonly terminal: Terminal;
  readonly json: boolean;
  readonly send: Parameters<typeof sendLines>[0]['send'];
}

async function sendAll({ definition, path, terminal, json, send }: SendAll): Promise<number> {
  using interruption = listenForInterruption();
  const input: Readable = path === STDIN ? process.stdin : createReadStream(path);
  interruption.signal.addEventListener('abort', () => input.destroy());
  const startedAtMs = performance.now();
  const { sent, nextLine } = await sendLines({
    definition,
    input: input as AsyncIterable<Uint8Array>,
    signal: interruption.signal,
    send,
    onSent: (id) => {
      if (json) terminal.json({ id, job: definition.name });
      else terminal.data.write(`${id}\n`);
    },
  }).catch((error: unknown) => {
    throw error === input.errored ? unreadable(path, error) : error;
  });
  const jobs = `${sent} ${sent === 1 ? 'job' : 'jobs'} enqueued in ${formatDuration(performance.now() - startedAtMs)}`;
  if (!interruption.signal.aborted) {
    terminal.write(terminal.style.dim(`${jobs}\n`));
    return EXIT_OK;
  }
  terminal.write(`Interrupted: ${jobs}; go on from line ${nextLine}\n`);
  return EXIT_INTERRUPTED;
}

function unreadable(path: string, cause: unknown): LongshoreError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new LongshoreError('invalid_options', `Cannot read ${sourceName(path)}: ${reason}`, {
    cause,
    details: { path },
  });
}

function sourceName(path: string): string {
  return path === STDIN ? 'stdin' : `"${path}"`;
}
