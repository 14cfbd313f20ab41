import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SCRIPTED, scripted } from './fixtures/scripted.ts';
import type { Script, Step } from './fixtures/scripted-engine.ts';
import type { SandboxOutcome } from './outcome.ts';
import { processUsage } from './process-usage.ts';
import { sandboxPool, type SandboxPool, type SandboxPoolOptions } from './sandbox-pool.ts';

const MIB = 1_048_576;

function pool(options: Partial<SandboxPoolOptions> = {}): SandboxPool {
  const made = sandboxPool({ engine: SCRIPTED, children: 1, ...options });
  onTestFinished(() => made.close());
  return made;
}

function run(target: SandboxPool, script: Script): Promise<SandboxOutcome> {
  return target.run(scripted(script));
}

function texts(outcome: SandboxOutcome): string[] {
  return outcome.kind === 'ok'
    ? outcome.pages.map((page) => page.text)
    : [`${outcome.code}: ${outcome.reason}`];
}

async function told(target: SandboxPool, ...steps: Step[]): Promise<string[]> {
  return texts(await run(target, { steps }));
}

describe('a sandbox pool', () => {
  it('gives back the pages of a document in order, with the engine that read them', async () => {
    const outcome = await run(pool(), { pages: ['one', 'zwei ﬁn', '三'] });
    expect(outcome).toMatchObject({
      kind: 'ok',
      engine: { name: 'scripted', version: '1' },
      head: { pageCount: 3 },
    });
    expect(texts(outcome)).toEqual(['one', 'zwei fin', '三']);
  });

  it('carries a large document to the child and a large page back, byte for byte', async () => {
    const text = 'é'.repeat(4_000_000);
    expect(texts(await run(pool(), { pages: [text] }))[0] === text).toBe(true);
  });

  it('passes the password on', async () => {
    const outcome = await pool().run(scripted({ steps: [{ do: 'tell', what: 'password' }] }), {
      password: 'geheim',
    });
    expect(texts(outcome)).toEqual(['geheim']);
  });

  it('keeps its children for further documents, and starts no more than it may', async () => {
    const two = pool({ children: 2 });
    const pids = await Promise.all(Array.from({ length: 12 }, () => told(two, { do: 'tell', what: 'pid' })));
    expect(new Set(pids.flat()).size).toBeLessThanOrEqual(2);
    expect(two.pids()).toHaveLength(new Set(pids.flat()).size);
  });

  it('replaces a child after its share of documents', async () => {
    const short = pool({ documentsPerChild: 2 });
    const counts = [];
    for (let index = 0; index < 5; index += 1)
      counts.push(...(await told(short, { do: 'tell', what: 'documents' })));
    expect(counts).toEqual(['1', '2', '1', '2', '1']);
  });

  it('replaces a child that has grown', async () => {
    const small = pool({ recycleAboveBytes: 200 * MIB });
    const [before] = await told(small, { do: 'tell', what: 'pid' });
    const [same] = await told(small, { do: 'tell', what: 'pid' }, { do: 'eat', mebibytes: 160 });
    const [after] = await told(small, { do: 'tell', what: 'pid' });
    expect(same).toBe(before);
    expect(after).not.toBe(before);
  });

  it('starts its children ahead of the first document when asked to', async () => {
    const warm = pool({ children: 2 });
    await warm.warmUp();
    expect(warm.pids()).toHaveLength(2);
    const [pid] = await told(warm, { do: 'tell', what: 'pid' });
    expect(warm.pids().map(String)).toContain(pid);
  });

  it('refuses children and limits that make no sense, all at once', () => {
    expect(() => sandboxPool({ engine: SCRIPTED, children: 0 })).toThrow(/children is 0/);
    expect(() =>
      sandboxPool({ engine: SCRIPTED, children: 1, limits: { pageMs: 0, pages: Number.NaN } }),
    ).toThrow(/pageMs is 0.*pages is NaN/);
  });

  it('says what is wrong when a child cannot start, as something to retry and not as the document’s fault', async () => {
    const broken = pool({
      engine: { moduleUrl: new URL('./no-such-engine.ts', import.meta.url).href, packages: [] },
    });
    const failure = run(broken, { pages: ['a'] });
    await expect(failure).rejects.toMatchObject({ code: 'engine_crashed', retryable: true });
    await expect(failure).rejects.toThrow(/Cannot start the extraction sandbox \(exit code 1\)/);
    expect(broken.pids()).toEqual([]);
  });
});

describe('a sandboxed document', () => {
  const cases: readonly {
    readonly name: string;
    readonly steps: readonly Step[];
    readonly code: string;
    readonly reason: RegExp;
    readonly pageMs?: number;
  }[] = [
    {
      name: 'that aborts the process',
      steps: [{ do: 'abort' }],
      code: 'engine_crashed',
      reason: /SIGABRT|SIGTRAP|SIGILL/,
    },
    {
      name: 'that ends the process',
      steps: [{ do: 'exit', code: 3 }],
      code: 'engine_crashed',
      reason: /exit code 3/,
    },
    {
      name: 'that loops',
      steps: [{ do: 'spin' }],
      pageMs: 500,
      code: 'timed_out',
      reason: /processor time, 1 of 1 pages done/,
    },
    {
      name: 'that waits for ever',
      steps: [{ do: 'hang' }],
      pageMs: 250,
      code: 'timed_out',
      reason: /No page within 2 s/,
    },
    {
      name: 'that takes memory',
      steps: [{ do: 'eat', mebibytes: 2_000 }],
      code: 'out_of_memory',
      reason: /more than 300 MiB/,
    },
    {
      name: 'that fills the JavaScript heap',
      steps: [{ do: 'eatHeap' }],
      code: 'out_of_memory',
      reason: /memory/,
    },
    {
      name: 'whose engine throws what it should not',
      steps: [{ do: 'throw', message: 'boo' }],
      code: 'engine_crashed',
      reason: /boo/,
    },
    { name: 'whose child talks nonsense', steps: [{ do: 'babble' }], code: 'too_large', reason: /text/ },
    {
      name: 'that is encrypted',
      steps: [{ do: 'refuse', code: 'encrypted' }],
      code: 'encrypted',
      reason: /refused/,
    },
    {
      name: 'that is corrupt',
      steps: [{ do: 'refuse', code: 'corrupt' }],
      code: 'corrupt',
      reason: /refused/,
    },
  ];

  it.each(cases)(
    '$name ends as $code while its neighbour is read',
    async ({ steps, code, reason, pageMs = 20_000 }) => {
      const two = pool({ children: 2, limits: { pageMs, memoryBytes: 300 * MIB } });
      await two.warmUp();
      const [bad, good] = await Promise.all([
        run(two, { pages: ['begun'], steps }),
        run(two, { steps: [{ do: 'work', pages: 12, cpuMs: 100 }] }),
      ]);
      expect(bad).toMatchObject({ kind: 'failed', code });
      expect(bad).not.toHaveProperty('blame');
      expect(bad.kind === 'failed' ? bad.reason : '').toMatch(reason);
      expect(texts(good)).toHaveLength(12);
      // The place is free again, with a sound child.
      expect(texts(await run(two, { pages: ['after'] }))).toEqual(['after']);
    },
  );

  it('gets the time for a page anew with each page, so that long documents pass', async () => {
    const quick = pool({ limits: { pageMs: 500 } });
    expect(await told(quick, { do: 'work', pages: 12, cpuMs: 100 })).toHaveLength(12);
  });

  it('gets more of its whole time with each page, so that a long book is never stopped', async () => {
    const patient = pool({ limits: { documentMs: 300, documentPageMs: 1_000 } });
    expect(await told(patient, { do: 'work', pages: 12, cpuMs: 60 })).toHaveLength(12);
  });

  it('is stopped after its whole time when its pages are many and slow', async () => {
    const quick = pool({ limits: { documentMs: 400, documentPageMs: 1 } });
    expect((await told(quick, { do: 'work', pages: 100_000, cpuMs: 5 }))[0]).toMatch(
      /^timed_out: Not done within 0\.\d+ s, \d+ of 0 pages done/,
    );
  });

  it('may not have more text or pages than is read', async () => {
    const small = pool({ limits: { textBytes: 10_000, pages: 100 } });
    expect((await run(small, { pages: ['x'.repeat(20_000)] })).kind).toBe('failed');
    expect(texts(await run(small, { pages: ['x'.repeat(6_000), 'x'.repeat(6_000)] }))[0]).toMatch(
      /^too_large: .*text/,
    );
    expect(texts(await run(small, { pageCount: 101, pages: ['x'] }))[0]).toMatch(
      /^too_large: 101 pages are wanted .* at most 100/,
    );
  });

  it('is tried once more when somebody else kills its child, and is then failed as something to retry', async () => {
    const one = pool();
    await one.warmUp();
    const first = one.pids()[0] ?? 0;
    const waiting = run(one, { steps: [{ do: 'spin' }] });
    process.kill(await spinning(one), 'SIGKILL');
    process.kill(await spinning(one, first), 'SIGKILL');
    expect(await waiting).toMatchObject({ kind: 'failed', code: 'engine_crashed', blame: 'others' });
    expect(texts(await run(one, { pages: ['after'] }))).toEqual(['after']);
  });

  it('survives one such kill', async () => {
    const one = pool();
    const waiting = run(one, { steps: [{ do: 'work', pages: 2, cpuMs: 1_500 }] });
    process.kill(await spinning(one), 'SIGKILL');
    expect(texts(await waiting)).toEqual(['worked 1', 'worked 2']);
  });
});

describe('a document that is handed over while another one is read', () => {
  it('is read by the same child after it', async () => {
    const one = pool();
    const [first, second] = await Promise.all([
      told(one, { do: 'work', pages: 2, cpuMs: 20 }, { do: 'tell', what: 'documents' }),
      told(one, { do: 'tell', what: 'documents' }),
    ]);
    expect([first, second]).toEqual([['worked 1', 'worked 2', '1'], ['2']]);
  });

  it.each([
    ['crashes', [{ do: 'abort' }], 'engine_crashed'],
    ['loops', [{ do: 'spin' }], 'timed_out'],
    ['leaves its engine in doubt', [{ do: 'throw', message: 'boo' }], 'engine_crashed'],
  ] as const)('is read by another child when that one %s', async (_, steps, code) => {
    const one = pool({ limits: { pageMs: 500 } });
    const outcomes = await Promise.all([
      run(one, { pages: ['begun'], steps }),
      ...['a', 'b', 'c'].map((page) => run(one, { pages: [page] })),
    ]);
    expect(outcomes[0]).toMatchObject({ kind: 'failed', code });
    expect(outcomes.slice(1).map(texts)).toEqual([['a'], ['b'], ['c']]);
  });

  it('is not charged for the time of that one', async () => {
    const one = pool({ limits: { pageMs: 400, documentMs: 600 } });
    const long = run(one, { steps: [{ do: 'work', pages: 12, cpuMs: 100 }] });
    expect(texts(await run(one, { steps: [{ do: 'work', pages: 2, cpuMs: 100 }] }))).toHaveLength(2);
    expect(texts(await long)).toHaveLength(12);
  });

  it('waits for no long one: another child takes it', async () => {
    const two = pool({ children: 2 });
    await two.warmUp();
    const controller = new AbortController();
    const book = two.run(scripted({ pageCount: 1_000, pages: ['1'], steps: [{ do: 'hang' }] }), {
      signal: controller.signal,
    });
    for (const page of ['a', 'b', 'c']) expect(texts(await run(two, { pages: [page] }))).toEqual([page]);
    controller.abort(new Error('enough'));
    await expect(book).rejects.toThrow('enough');
  });
});

describe('a sandboxed process', () => {
  it('cannot read its parent’s environment, nor any file that is not its engine’s', async () => {
    const target = pool();
    const paths = [
      `/proc/${process.pid}/environ`,
      '/proc/self/environ',
      '/etc/passwd',
      join(import.meta.dirname, '../../../../README.md'),
    ];
    expect(await told(target, ...paths.map((path): Step => ({ do: 'read', path })))).toEqual(
      paths.map(() => 'ERR_ACCESS_DENIED'),
    );
    expect(await told(target, { do: 'read', path: join(import.meta.dirname, 'frames.ts') })).toEqual([
      'read something',
    ]);
  });

  it('cannot write files or start processes', async () => {
    const path = join(import.meta.dirname, 'written-by-the-sandbox');
    expect(
      await told(
        pool(),
        { do: 'write', path },
        { do: 'write', path: '/tmp/x' },
        { do: 'spawn', path: '/bin/true' },
      ),
    ).toEqual(Array.from({ length: 3 }, () => 'ERR_ACCESS_DENIED'));
    expect(existsSync(path)).toBe(false);
  });

  it('cannot start threads, load native code or run code that it makes up', async () => {
    const attempts = await told(
      pool(),
      { do: 'thread', path: join(import.meta.dirname, 'frames.ts') },
      { do: 'addon', path: '/usr/lib/x86_64-linux-gnu/libc.so.6' },
      { do: 'evaluate', path: 'return 1' },
    );
    expect(attempts.slice(0, 2)).toEqual(['ERR_ACCESS_DENIED', 'ERR_DLOPEN_DISABLED']);
    expect(attempts[2]).toMatch(/Code generation from strings disallowed/);
  });

  it('is refused WebAssembly memory above its limit, by the engine itself', async () => {
    const small = pool({ limits: { memoryBytes: 256 * MIB } });
    expect((await told(small, { do: 'grow', mebibytes: 300 }))[0]).toMatch(/^engine_crashed: .*WebAssembly/);
    expect(texts(await run(small, { steps: [{ do: 'grow', mebibytes: 200 }], pages: ['a'] }))).toEqual(['a']);
  });

  it.runIf(existsSync('/usr/bin/prlimit'))('is held by the kernel too', async () => {
    const one = pool();
    await one.warmUp();
    const limits = readFileSync(`/proc/${one.pids()[0]}/limits`, 'utf8');
    for (const [name, most] of [
      ['Max core file size', 0],
      ['Max file size', 0],
      ['Max open files', 64],
      ['Max data size', one.limits.memoryBytes + 1_024 * MIB],
    ])
      expect(limits).toMatch(new RegExp(`^${name} +${most} +${most} `, 'm'));
  });

  it('has no environment', async () => {
    expect(await told(pool(), { do: 'tell', what: 'env' })).toEqual(['[]']);
  });

  it('holds no file of its parent but its three pipes', async () => {
    const one = pool();
    await one.warmUp();
    const [pid = 0] = one.pids();
    const pipes = [0, 1, 2].map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
    expect(new Set(pipes.map((pipe) => pipe.split(':')[0]))).toEqual(new Set(['socket']));
  });
});

describe('ending a sandbox', () => {
  it('kills the child of an aborted document and rejects with the signal’s reason', async () => {
    const one = pool();
    await one.warmUp();
    const [pid] = one.pids();
    const controller = new AbortController();
    const running = one.run(scripted({ steps: [{ do: 'spin' }] }), { signal: controller.signal });
    await spinning(one);
    controller.abort(new Error('lease lost'));
    await expect(running).rejects.toThrow('lease lost');
    await expect.poll(() => one.pids()).not.toContain(pid);
    expect(texts(await run(one, { pages: ['next'] }))).toEqual(['next']);
  });

  it('takes an aborted document out of the queue without touching the running one', async () => {
    const one = pool();
    const running = one.run(scripted({ steps: [{ do: 'work', pages: 3, cpuMs: 50 }] }));
    const controller = new AbortController();
    const waiting = one.run(scripted({ pages: ['never'] }), { signal: controller.signal });
    controller.abort(new Error('given up'));
    await expect(waiting).rejects.toThrow('given up');
    expect(texts(await running)).toHaveLength(3);
    expect(texts(await run(one, { pages: ['next'] }))).toEqual(['next']);
  });

  it('closes with all its children, twice if need be, and takes no further documents', async () => {
    const two = pool({ children: 2 });
    await two.warmUp();
    const running = run(two, { steps: [{ do: 'spin' }] });
    const closing = Promise.all([two.close(), two.close()]);
    await expect(running).rejects.toMatchObject({ code: 'closed' });
    await closing;
    expect(two.pids()).toEqual([]);
    await expect(run(two, { pages: ['a'] })).rejects.toMatchObject({ code: 'closed' });
  });
});

/** The child that works on a document: one that has used more processor time than starting takes. */
async function spinning(target: SandboxPool, except?: number): Promise<number> {
  const find = (): number | undefined =>
    target.pids().find((pid) => pid !== except && (processUsage(pid)?.cpuMs ?? 0) > 700);
  await expect.poll(find, { timeout: 20_000 }).toBeDefined();
  return find() ?? 0;
}
