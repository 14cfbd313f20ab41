/**
 * What a handler may return instead of a result: an order to the worker about this delivery.
 *
 * A directive is returned, never thrown, so that a `catch` in the handler cannot swallow it.
 */

/** An order to the worker. Made by {@link retry}, {@link bury} or {@link release}. */
export type Directive =
  | { readonly kind: 'retry'; readonly delayMs: number | undefined; readonly reason: string }
  | { readonly kind: 'bury'; readonly code: string; readonly reason: string }
  | { readonly kind: 'release'; readonly delayMs: number };

const directives = new WeakSet<object>();

/** Try again, counting this attempt as failed. Without `delayMs` the job's retry policy decides. */
export function retry(reason: string, options: { readonly delayMs?: number } = {}): Directive {
  return mark({ kind: 'retry', delayMs: options.delayMs, reason });
}

/** Move the job to the dead-letter queue now, with this reason; no further attempt. */
export function bury(code: string, reason: string): Directive {
  return mark({ kind: 'bury', code, reason });
}

/** Give the job back without counting an attempt, for instance because a dependency is not ready yet. */
export function release(options: { readonly delayMs?: number } = {}): Directive {
  return mark({ kind: 'release', delayMs: options.delayMs ?? 0 });
}

/** The directive that a handler returned, or `undefined` when it returned an ordinary result. */
export function directiveOf(result: unknown): Directive | undefined {
  return typeof result === 'object' && result !== null && directives.has(result)
    ? (result as Directive)
    : undefined;
}

function mark(directive: Directive): Directive {
  directives.add(directive);
  return Object.freeze(directive);
}
