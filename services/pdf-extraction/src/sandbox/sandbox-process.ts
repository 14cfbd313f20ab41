/**
 * One sandboxed child process with one document at a time: started, fed, watched, killed when a limit is broken.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { DocumentHead, ExtractedPage } from '../engine.ts';
import { framePrefix, frameReader } from './frames.ts';
import type { SandboxLimits } from './limits.ts';

/** What became of a document. */
export type SandboxOutcome =
  | { readonly kind: 'ok'; readonly head: DocumentHead; readonly pages: readonly ExtractedPage[] }
  | {
      readonly kind: 'failed';
      readonly code:
        | 'encrypted'
        | 'corrupt'
        | 'too_large'
        | 'timed_out'
        | 'out_of_memory'
        | 'engine_crashed'
        | 'aborted';
      readonly reason: string;
    };

/** One child. */
export interface SandboxProcess {
  readonly pid: number | undefined;
  /** Whether it may take another document. */
  readonly isUsable: boolean;
  run(
    bytes: Uint8Array,
    options: { readonly password?: string; readonly signal?: AbortSignal },
  ): Promise<SandboxOutcome>;
  kill(): void;
}

type Child = ChildProcessByStdio<Writable, Readable, Readable>;
type Failure = Extract<SandboxOutcome, { kind: 'failed' }>;

const MEMORY_LOOK_MS = 25;
const PAGE_BYTES = 4_096;
/** Memory of WebAssembly never shrinks: a child that has grown gives way to a fresh one. */
const RECYCLE_BYTES = 268_435_456;
const RECYCLE_AFTER = 500;
const MAX_STDERR = 2_000;

/** Starts a child with an engine. It takes documents at once; they wait in its pipe until the engine is loaded. */
export function startSandbox(engine: 'pdfium' | 'pdf-parse', limits: SandboxLimits): SandboxProcess {
  return new Sandbox(engine, limits);
}

class Sandbox implements SandboxProcess {
  readonly #child: Child;
  readonly #limits: SandboxLimits;
  #documents = 0;
  #exited = false;
  #stderr = '';
  #onMessage: (message: ChildMessage) => void = () => undefined;
  #onExit: (code: number | null, signal: string | null) => void = () => undefined;

  constructor(engine: 'pdfium' | 'pdf-parse', limits: SandboxLimits) {
    this.#limits = limits;
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const entry = fileURLToPath(new URL(`./child.${extension}`, import.meta.url));
    this.#child = spawn(
      process.execPath,
      [
        '--permission',
        ...readable().map((path) => `--allow-fs-read=${path}`),
        '--no-warnings',
        entry,
        engine,
      ],
      {
        env: {},
        cwd: dirname(entry),
        stdio: ['pipe', 'pipe', 'pipe'],
      },
    );
    const read = frameReader((frame) => this.#onMessage(JSON.parse(frame.toString()) as ChildMessage));
    this.#child.stdout.on('data', (chunk: Buffer) => {
      try {
        read(chunk);
      } catch {
        this.kill();
      }
    });
    this.#child.stderr.on(
      'data',
      (chunk: Buffer) => (this.#stderr = (this.#stderr + chunk.toString()).slice(-MAX_STDERR)),
    );
    // A child that is gone closes its pipe while we write; its exit tells why.
    this.#child.stdin.on('error', () => undefined);
    this.#child.once('error', () => this.#ended(null, null));
    this.#child.once('close', (code, signal) => this.#ended(code, signal));
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get isUsable(): boolean {
    return (
      !this.#exited &&
      this.#documents < RECYCLE_AFTER &&
      (residentBytes(this.#child.pid) ?? 0) < RECYCLE_BYTES
    );
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  async run(
    bytes: Uint8Array,
    options: { readonly password?: string; readonly signal?: AbortSignal },
  ): Promise<SandboxOutcome> {
    this.#documents += 1;
    const header = Buffer.from(
      JSON.stringify(options.password === undefined ? {} : { password: options.password }),
    );
    const outcome = this.#follow(options.signal);
    for (const part of [framePrefix(header.length), header, framePrefix(bytes.length), bytes])
      this.#child.stdin.write(part);
    return outcome;
  }

  #follow(signal: AbortSignal | undefined): Promise<SandboxOutcome> {
    const { promise, resolve } = Promise.withResolvers<SandboxOutcome>();
    const limits = this.#limits;
    const pages: ExtractedPage[] = [];
    let head: DocumentHead | undefined;
    let textBytes = 0;
    let killedFor: Failure | undefined;
    const killFor = (code: Failure['code'], reason: string): void => {
      killedFor ??= { kind: 'failed', code, reason };
      this.kill();
    };
    const slow = (): void =>
      killFor('timed_out', `No page within ${limits.pageMs / 1_000} s, after ${pages.length} pages`);
    let pageTimer = setTimeout(slow, limits.pageMs);
    const documentTimer = setTimeout(
      () => killFor('timed_out', `Not done within ${limits.documentMs / 1_000} s`),
      limits.documentMs,
    );
    const memoryTimer = setInterval(() => {
      const resident = residentBytes(this.#child.pid) ?? 0;
      if (resident > limits.memoryBytes)
        killFor('out_of_memory', `Needs more than ${Math.round(limits.memoryBytes / 1_048_576)} MiB`);
    }, MEMORY_LOOK_MS);
    const abort = (): void => killFor('aborted', 'The extraction was cancelled');
    signal?.addEventListener('abort', abort, { once: true });
    const finish = (outcome: SandboxOutcome): void => {
      clearTimeout(pageTimer);
      clearTimeout(documentTimer);
      clearInterval(memoryTimer);
      signal?.removeEventListener('abort', abort);
      this.#onMessage = () => undefined;
      this.#onExit = () => undefined;
      resolve(outcome);
    };
    this.#onMessage = (message) => {
      clearTimeout(pageTimer);
      pageTimer = setTimeout(slow, limits.pageMs);
      if (message.type === 'head') {
        head = message;
        if (head.pageCount > limits.pages)
          killFor('too_large', `Has ${head.pageCount} pages, at most ${limits.pages} are read`);
      } else if (message.type === 'page') {
        pages.push({ page: message.page, text: message.text, textLayer: message.textLayer });
        textBytes += message.text.length;
        if (textBytes > limits.textBytes)
          killFor('too_large', `Has more than ${limits.textBytes / 1_048_576} MiB of text`);
      } else if (message.type === 'failed')
        finish({ kind: 'failed', code: message.code, reason: message.message });
      else if (message.type === 'done')
        finish(head === undefined ? crash('no document was announced') : { kind: 'ok', head, pages });
    };
    this.#onExit = (code, exitSignal) => finish(killedFor ?? this.#crashOutcome(code, exitSignal));
    if (this.#exited) finish(crash('the sandbox ended before it started'));
    else if (signal?.aborted === true) abort();
    return promise;
  }

  #crashOutcome(code: number | null, signal: string | null): Failure {
    if (
      /heap out of memory|Cannot enlarge memory|memory access out of bounds.*grow|OOM/i.test(this.#stderr)
    ) {
      return { kind: 'failed', code: 'out_of_memory', reason: 'The engine ran out of memory' };
    }
    const how = signal === null ? `exit code ${code}` : `signal ${signal}`;
    return crash(`${how}${this.#stderr === '' ? '' : `: ${this.#stderr.trim().split('\n')[0]}`}`);
  }

  #ended(code: number | null, signal: string | null): void {
    if (this.#exited) return;
    this.#exited = true;
    this.#onExit(code, signal);
  }
}

type ChildMessage =
  | { readonly type: 'ready' | 'done' }
  | ({ readonly type: 'head' } & DocumentHead)
  | ({ readonly type: 'page' } & ExtractedPage)
  | { readonly type: 'failed'; readonly code: 'encrypted' | 'corrupt'; readonly message: string };

function crash(how: string): Failure {
  return { kind: 'failed', code: 'engine_crashed', reason: `The engine crashed (${how})` };
}

/** What a child may read: this service's code, the engines' packages, and the manifests that module loading looks for. */
function readable(): string[] {
  const require = createRequire(import.meta.url);
  const source = fileURLToPath(new URL('..', import.meta.url));
  const packages = ['@embedpdf/pdfium', 'pdf-parse'].map((name) => packageRoot(require.resolve(name)));
  const links = ancestors(source).map((folder) => join(folder, 'node_modules'));
  const manifests = [source, ...packages].flatMap(ancestors).map((folder) => join(folder, 'package.json'));
  return [...new Set([source, ...packages, links[1] ?? '', ...manifests])].filter((path) => path !== '');
}

function ancestors(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [path] : [path, ...ancestors(parent)];
}

/** With pnpm a package and its dependencies lie in one folder; elsewhere in the nearest `node_modules`. */
function packageRoot(path: string): string {
  const at = path.lastIndexOf(`${sep}node_modules${sep}`);
  return path.slice(0, at + `${sep}node_modules${sep}`.length);
}

function residentBytes(pid: number | undefined): number | undefined {
  if (pid === undefined) return undefined;
  try {
    const pages = Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]);
    return pages * PAGE_BYTES;
  } catch {
    // Gone, or no Linux: there the container's limit stands alone.
    return undefined;
  }
}
