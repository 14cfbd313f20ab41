/**
 * One call to the task protection endpoint of the ECS container agent, bounded in time, to an answer. Never rejects.
 *
 * Contract: PUT `$ECS_AGENT_URI/task-protection/v1/state`. The agent passes the call on to ECS and answers with one of
 * `protection`, `failure` (ECS refused, status 200) and `error`. It limits calls itself and then answers 429 in plain
 * text.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-scale-in-protection-endpoint.html
 */
import { parseJson, type Clock } from '@longshore/job';

/** What the caller wants of ECS. */
export type ProtectionRequest =
  | { readonly isProtected: true; readonly expiresInMinutes: number }
  | { readonly isProtected: false };

/** What came of a call. */
export type ProtectionAnswer =
  /** Done. Its end is counted from the call, not from the agent's `ExpirationDate`, which is of another clock. */
  | { readonly kind: 'done' }
  /** ECS or the agent said no, and would say so again at once. */
  | { readonly kind: 'denied'; readonly reason: string }
  /** Nobody said yes or no; the same call may succeed a moment later. */
  | { readonly kind: 'failed'; readonly reason: string };

/** Where and how to call. */
export interface AgentClientOptions {
  readonly agentUri: string;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly fetch: typeof globalThis.fetch;
}

const PATH = '/task-protection/v1/state';
/** Codes of errors that pass, besides every status from 500: ECS sends throttling as status 400. */
const PASSING = /Throttl|TooManyRequests|RequestLimit|RequestCanceled|RequestError|ServerException/i;

/** Sends one request. `signal` ends it early, as `failed`. */
export async function callAgent(
  request: ProtectionRequest,
  signal: AbortSignal,
  { agentUri, timeoutMs, clock, fetch }: AgentClientOptions,
): Promise<ProtectionAnswer> {
  const late = new AbortController();
  const timer = clock.after(timeoutMs, () => late.abort(new Error(`No answer within ${timeoutMs} ms`)));
  try {
    const response = await fetch(`${agentUri.replace(/\/+$/, '')}${PATH}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(bodyOf(request)),
      signal: AbortSignal.any([late.signal, signal]),
    });
    return answerOf(request, response.status, await response.text());
  } catch (error) {
    return { kind: 'failed', reason: reasonOf(error) };
  } finally {
    timer.cancel();
  }
}

function bodyOf(request: ProtectionRequest): object {
  return request.isProtected
    ? { ProtectionEnabled: true, ExpiresInMinutes: request.expiresInMinutes }
    : { ProtectionEnabled: false };
}

function answerOf(request: ProtectionRequest, status: number, text: string): ProtectionAnswer {
  const json = parseJson(text);
  const { protection, failure, error } = fieldsOf(json.ok ? json.value : undefined);
  if (isRecord(error)) return errorAnswer(status, error);
  if (isRecord(failure)) {
    const detail = textOf(failure['Detail']);
    return { kind: 'denied', reason: `${textOf(failure['Reason'])}${detail === '' ? '' : `: ${detail}`}` };
  }
  if (status !== 200 || !isRecord(protection))
    return { kind: 'failed', reason: `Status ${status} with ${JSON.stringify(text.slice(0, 200))}` };
  if (protection['ProtectionEnabled'] !== request.isProtected)
    return { kind: 'denied', reason: 'The agent answered with the opposite of what was asked' };
  return { kind: 'done' };
}

function errorAnswer(status: number, error: Readonly<Record<string, unknown>>): ProtectionAnswer {
  const code = textOf(error['Code']);
  const reason = `${code}: ${textOf(error['Message'])} (status ${status})`;
  const passes = status >= 500 || status === 429 || PASSING.test(code);
  return { kind: passes ? 'failed' : 'denied', reason };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** `fetch` says only "fetch failed"; what failed is its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
