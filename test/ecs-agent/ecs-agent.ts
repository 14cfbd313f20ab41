/**
 * A loopback ECS container agent, as far as task protection goes: the paths, bodies, statuses and limits of the real one
 * (the endpoint's documentation and the agent's source, `ecs-agent/tmds/handlers/taskprotection/v1`). A protection ends
 * by itself, on the clock that it is given, and the agent can be told to fail in the ways that agents and ECS do.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Clock } from '@longshore/job';

/** Something that goes wrong, once. */
export type AgentFault =
  /** ECS refuses: status 200 with `failure`. */
  | { readonly kind: 'failure'; readonly reason: string; readonly detail?: string }
  /** ECS or the agent answers with `error`. */
  | { readonly kind: 'error'; readonly status: number; readonly code: string; readonly message: string }
  /** The agent's own limit of calls: status 429, in plain text. */
  | { readonly kind: 'limit' }
  /** No answer until the client gives up; nothing was done. */
  | { readonly kind: 'hang' }
  /** Done, but the connection breaks before the answer arrives. */
  | { readonly kind: 'lose-reply' }
  /** Half of the answer's body arrives, then the connection breaks. */
  | { readonly kind: 'cut-reply' }
  /** Status 200 and something that is no JSON. */
  | { readonly kind: 'babble' };

/** A call that came in. */
export interface AgentCall {
  readonly method: string;
  readonly body: string;
  readonly atMs: number;
}

/** A running agent with one task. */
export interface EcsAgent extends AsyncDisposable {
  /** What ECS would put into `ECS_AGENT_URI`. */
  readonly uri: string;
  readonly taskArn: string;
  /** Has the next calls fail, in this order. */
  plan(...faults: readonly AgentFault[]): void;
  readonly calls: readonly AgentCall[];
  /** Whether scale-in and deployments would spare the task now. */
  isProtected(): boolean;
  close(): Promise<void>;
}

interface State {
  readonly clock: Clock;
  readonly id: string;
  readonly taskArn: string;
  readonly faults: AgentFault[];
  readonly calls: AgentCall[];
  protectedUntilMs: number | undefined;
}

/** What ECS protects for when the request does not say. */
const DEFAULT_MINUTES = 120;
const MAX_MINUTES = 2_880;

/** Starts an agent on loopback. */
export async function startEcsAgent({ clock }: { readonly clock: Clock }): Promise<EcsAgent> {
  const state: State = {
    clock,
    id: '0123456789abcdef0123456789abcdef-1234567890',
    taskArn: 'arn:aws:ecs:eu-west-1:111122223333:task/fleet/0123456789abcdef0123456789abcdef',
    faults: [],
    calls: [],
    protectedUntilMs: undefined,
  };
  const server = createServer((incoming, reply) => {
    handle(state, incoming, reply).catch(() => reply.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  };
  return {
    uri: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/${state.id}`,
    taskArn: state.taskArn,
    plan: (...faults) => void state.faults.push(...faults),
    calls: state.calls,
    isProtected: () => isProtected(state),
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function handle(state: State, incoming: IncomingMessage, reply: ServerResponse): Promise<void> {
  const body = await text(incoming);
  state.calls.push({ method: incoming.method ?? '', body, atMs: state.clock.nowMs() });
  const fault = state.faults.shift();
  switch (fault?.kind) {
    case 'hang':
      return;
    case 'limit':
      reply.writeHead(429, { 'content-type': 'text/plain; charset=utf-8' });
      reply.end('You have reached maximum request limit.');
      return;
    case 'babble':
      reply.end('<html>');
      return;
    case 'failure':
      send(reply, 200, {
        failure: { Arn: state.taskArn, Reason: fault.reason, Detail: fault.detail ?? null },
      });
      return;
    case 'error':
      send(reply, fault.status, failed(state.taskArn, fault.code, fault.message));
      return;
    case 'lose-reply':
      answer(state, incoming, body);
      reply.destroy();
      return;
    case 'cut-reply': {
      const [status, answered] = answer(state, incoming, body);
      const bytes = JSON.stringify(answered);
      reply.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length });
      reply.write(bytes.slice(0, bytes.length / 2), () => reply.destroy());
      return;
    }
    case undefined:
      send(reply, ...answer(state, incoming, body));
  }
}

type Answer = readonly [status: number, body: object];

function answer(state: State, { method, url }: IncomingMessage, body: string): Answer {
  const id = /^\/api\/([^/]+)\/task-protection\/v1\/state$/.exec(url ?? '')?.[1];
  if (id === undefined) return [404, {}];
  if (id !== state.id)
    return [404, failed('', 'ResourceNotFoundException', 'Failed to find a task for the request')];
  if (method === 'GET') return [200, protection(state)];
  if (method !== 'PUT') return [405, {}];
  const request = requestOf(body);
  if (request === undefined)
    return [400, failed('', 'InvalidParameterException', 'UpdateTaskProtection: failed to decode request')];
  const { ProtectionEnabled: isEnabled, ExpiresInMinutes: minutes = DEFAULT_MINUTES } = request;
  if (isEnabled === undefined) {
    const message = "Invalid request: does not contain 'ProtectionEnabled' field";
    return [400, failed(state.taskArn, 'InvalidParameterException', message)];
  }
  if (minutes < 1 || minutes > MAX_MINUTES) {
    const message = 'expiresInMinutes must be between 1 and 2880';
    return [400, failed(state.taskArn, 'InvalidParameterException', message)];
  }
  state.protectedUntilMs = isEnabled ? state.clock.nowMs() + minutes * 60_000 : undefined;
  return [200, protection(state)];
}

/** The agent's decoder: two fields of fixed types, and no other field. */
function requestOf(body: string): { ProtectionEnabled?: boolean; ExpiresInMinutes?: number } | undefined {
  try {
    const json: unknown = JSON.parse(body);
    if (typeof json !== 'object' || json === null) return undefined;
    const isFit = Object.entries(json).every(
      ([key, value]) =>
        (key === 'ProtectionEnabled' && typeof value === 'boolean') ||
        (key === 'ExpiresInMinutes' && Number.isInteger(value)),
    );
    return isFit ? json : undefined;
  } catch {
    return undefined;
  }
}

function protection(state: State): object {
  const isOn = isProtected(state);
  const until = isOn && state.protectedUntilMs !== undefined ? new Date(state.protectedUntilMs) : null;
  return {
    protection: {
      ExpirationDate: until?.toISOString() ?? null,
      ProtectionEnabled: isOn,
      TaskArn: state.taskArn,
    },
  };
}

function isProtected({ protectedUntilMs, clock }: State): boolean {
  return protectedUntilMs !== undefined && clock.nowMs() < protectedUntilMs;
}

function failed(arn: string, code: string, message: string): object {
  return {
    requestID: '12345-abc-6789-0123-abc',
    error: { Arn: arn, Code: code, Message: message },
  };
}

function send(reply: ServerResponse, status: number, body: object): void {
  reply.writeHead(status, { 'content-type': 'application/json' });
  reply.end(JSON.stringify(body));
}
