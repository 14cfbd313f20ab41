/**
 * A loopback stand-in for the ECS API: JSON 1.1 over HTTP, for the real SDK client. It has one cluster, whose services
 * start, keep, replace and stop tasks as ECS's scheduler does, on a clock that a test or the machine moves; and it limits
 * calls, refuses and fails in the ways that ECS does.
 *
 * It also is the container agent of its tasks, as far as scale-in protection goes, at `agentUri`.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { ACTIONS, liveTasks, type Input } from './actions.ts';
import { answerAgent } from './agent.ts';
import { ApiError } from './api-error.ts';
import { ACCOUNT, type Service, type Task } from './model.ts';
import { throttle, type ActionGroup, type Bucket } from './token-buckets.ts';
import { ecsWorld, type World, type WorldOptions } from './world.ts';

/** A call that came in. */
export interface EcsCallSeen {
  readonly action: string;
  readonly input: Input;
  readonly atMs: number;
  /** Type of the exception that it was answered with. */
  readonly error?: string;
}

/** What becomes of a call instead of an answer; `undefined`: nothing special. */
export type EcsFault =
  | { readonly type: string; readonly message: string; readonly status?: number }
  /** No answer until the client gives up; nothing is done. */
  | 'hang'
  /** It is done, but the answer is lost. */
  | 'lose-reply';

export interface EcsSimulatorOptions extends WorldOptions {
  /** Limits of calls; `false` for none. Default: what is known or believed of ECS. */
  readonly buckets?: Readonly<Partial<Record<ActionGroup, Bucket>>> | false;
}

export interface EcsSimulator extends AsyncDisposable {
  readonly endpoint: string;
  readonly world: World;
  readonly calls: readonly EcsCallSeen[];
  /** Asked before every call. */
  fault: (action: string, input: Input) => EcsFault | undefined;
  /** Registers a task definition and creates a service with it. */
  createService(name: string, options?: CreateServiceOptions): Service;
  service(name: string): Service;
  liveTasks(): readonly Task[];
  /** Has everything happen that is due. */
  catchUp(): void;
  agentUri(task: Task): string;
  close(): Promise<void>;
}

export interface CreateServiceOptions {
  readonly desiredCount?: number;
  readonly launchType?: 'FARGATE' | 'EC2';
  readonly cpuUnits?: number;
  readonly memoryMiB?: number;
  readonly stopTimeoutSeconds?: number;
  readonly minimumHealthyPercent?: number;
  readonly maximumPercent?: number;
}

const TARGET = 'AmazonEC2ContainerServiceV20141113.';

export async function startEcsSimulator(options: EcsSimulatorOptions): Promise<EcsSimulator> {
  const world = ecsWorld(options);
  const calls: EcsCallSeen[] = [];
  const passes = options.buckets === false ? () => true : throttle(options.buckets ?? {});
  const server = createServer((incoming, reply) => {
    serve(incoming, reply).catch(() => reply.destroy());
  });

  async function serve(incoming: IncomingMessage, reply: ServerResponse): Promise<void> {
    const body = await text(incoming);
    world.time.catchUp();
    if (incoming.url?.startsWith('/api/') === true) {
      const [status, answer] = answerAgent(world, incoming.method ?? '', incoming.url, body);
      send(reply, status, answer);
      return;
    }
    const target = String(incoming.headers['x-amz-target'] ?? '');
    const action = target.startsWith(TARGET) ? target.slice(TARGET.length) : '';
    const input = JSON.parse(body === '' ? '{}' : body) as Input;
    respond(reply, action, input);
  }
  function respond(reply: ServerResponse, action: string, input: Input): void {
    const atMs = world.time.nowMs();
    const fault = simulator.fault(action, input);
    try {
      if (fault === 'hang') {
        calls.push({ action, input, atMs, error: 'hang' });
        return;
      }
      const act = ACTIONS[action];
      if (act === undefined)
        throw new ApiError('UnknownOperationException', `There is no action ${action} here`);
      if (!passes(action, atMs)) throw new ApiError('ThrottlingException', 'Rate exceeded');
      if (typeof fault === 'object') throw new ApiError(fault.type, fault.message);
      const answer = act(world, input);
      calls.push({ action, input, atMs });
      if (fault === 'lose-reply') reply.destroy();
      else send(reply, 200, answer);
    } catch (error) {
      const { type, message } =
        error instanceof ApiError ? error : { type: 'ServerException', message: String(error) };
      calls.push({ action, input, atMs, error: type });
      const status =
        typeof fault === 'object' ? (fault.status ?? 400) : type === 'ServerException' ? 500 : 400;
      send(reply, status, { __type: type, message });
    }
  }
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = async (): Promise<void> => {
    world.close();
    server.closeAllConnections();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  };
  const service = (name: string): Service => {
    const found = world.cluster.services.get(name);
    if (found === undefined) throw new Error(`The simulator has no service ${name}`);
    return found;
  };
  const simulator: EcsSimulator = {
    endpoint,
    world,
    calls,
    fault: () => undefined,
    createService(name, { cpuUnits = 256, memoryMiB = 512, stopTimeoutSeconds = 30, ...rest } = {}) {
      world.time.catchUp();
      const { arn } = world.register(name, cpuUnits, memoryMiB, stopTimeoutSeconds * 1_000);
      const {
        minimumHealthyPercent = 100,
        maximumPercent = 200,
        desiredCount = 0,
        launchType = 'FARGATE',
      } = rest;
      const deploymentConfiguration = { minimumHealthyPercent, maximumPercent };
      const input = {
        cluster: world.cluster.name,
        serviceName: name,
        taskDefinition: arn,
        desiredCount,
        launchType,
      };
      ACTIONS['CreateService']?.(world, { ...input, deploymentConfiguration });
      return service(name);
    },
    service,
    liveTasks: () => liveTasks(world),
    catchUp: () => world.time.catchUp(),
    agentUri: ({ id }) => `${endpoint}/api/${id}`,
    close,
    [Symbol.asyncDispose]: close,
  };
  return simulator;
}

/** What IAM says when a role lacks an action. */
export function accessDenied(action: string): EcsFault {
  return {
    type: 'AccessDeniedException',
    message: `User: arn:aws:sts::${ACCOUNT}:assumed-role/autoscaler/session is not authorized to perform: ecs:${action} because no identity-based policy allows the ecs:${action} action`,
  };
}

function send(reply: ServerResponse, status: number, body: object): void {
  reply.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
  reply.end(JSON.stringify(body));
}
