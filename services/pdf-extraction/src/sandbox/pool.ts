/** A pool of sandboxed children: as many documents at a time as it has places, a fresh child after any failure. */
import { startSandbox, type SandboxOutcome, type SandboxProcess } from './sandbox-process.ts';
import { DEFAULT_LIMITS, type SandboxLimits } from './limits.ts';

/** A pool. */
export interface SandboxPool extends AsyncDisposable {
  run(
    bytes: Uint8Array,
    options?: { readonly password?: string; readonly signal?: AbortSignal },
  ): Promise<SandboxOutcome>;
  close(): Promise<void>;
}

/** Options of {@link sandboxPool}. */
export interface SandboxPoolOptions {
  readonly engine: 'pdfium' | 'pdf-parse';
  readonly size: number;
  readonly limits?: Partial<SandboxLimits>;
}

/** A pool; children start with the first documents. */
export function sandboxPool({ engine, size, limits = {} }: SandboxPoolOptions): SandboxPool {
  const all = { ...DEFAULT_LIMITS, ...limits };
  const idle: SandboxProcess[] = [];
  const waiting: (() => void)[] = [];
  let busy = 0;
  const close = (): Promise<void> => {
    for (const child of idle.splice(0)) child.kill();
    return Promise.resolve();
  };
  return {
    async run(bytes, options = {}) {
      while (busy >= size) await new Promise<void>((resolve) => waiting.push(resolve));
      busy += 1;
      const child = idle.pop() ?? startSandbox(engine, all);
      try {
        const outcome = await child.run(bytes, options);
        // A crash or a kill may have left the engine in any state; a refusal has not.
        const sound = outcome.kind === 'ok' || outcome.code === 'encrypted' || outcome.code === 'corrupt';
        if (sound && child.isUsable) idle.push(child);
        else child.kill();
        return outcome;
      } finally {
        busy -= 1;
        waiting.shift()?.();
      }
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
