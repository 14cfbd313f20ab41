/** The engine's calls that scaling needs, each with what its refusal means. */
import { LongshoreError } from '@longshore/job';
import { LABELS } from './compose.ts';
import { fieldsOf, parseContainer, textOf, type Container } from './container.ts';
import type { ContainerPlan } from './container-spec.ts';
import { messageOf, type EngineAnswer, type EngineCall, type EngineConnection } from './engine-connection.ts';

/** Since this version a container joins all its networks at once. */
const MANY_NETWORKS_MINOR = 44;
const NOT_FOUND = 404;
const CONFLICT = 409;

/** An engine, asked about one project. All calls throw `target_unavailable`; its details hold the engine's status. */
export class DockerEngine {
  readonly #connection: EngineConnection;
  readonly #project: string;

  constructor(connection: EngineConnection, project: string) {
    this.#connection = connection;
    this.#project = project;
  }

  /** The containers of a service, in every state, without those that `docker compose run` made; lowest number first. */
  async containers(service: string): Promise<readonly Container[]> {
    const label = [
      `${LABELS.project}=${this.#project}`,
      `${LABELS.service}=${service}`,
      // Compose writes it on everything that it makes.
      `${LABELS.oneoff}=False`,
    ];
    const query = { all: 'true', filters: JSON.stringify({ label }) };
    const what = `list the containers of "${service}"`;
    const { body } = await this.#call(what, { method: 'GET', path: '/containers/json', query });
    const ids = (Array.isArray(body) ? body : []).map((each) => textOf(fieldsOf(each)['Id']));
    const found = await Promise.all(ids.filter((id) => id !== '').map((id) => this.#inspect(id)));
    return found.filter((each) => each !== undefined).toSorted((a, b) => a.number - b.number);
  }

  /** Creates a container and starts it. What did not start is removed again. */
  async run(name: string, plan: ContainerPlan): Promise<void> {
    const id = await this.#create(name, plan);
    try {
      await this.#connect(id, plan);
      await this.start(id);
    } catch (error) {
      await this.remove(id);
      throw error;
    }
  }

  async start(id: string): Promise<void> {
    await this.#act('start', id, {});
  }

  /** Sends a signal. Nothing happens when no process is there to get it. */
  async signal(id: string, signal: string): Promise<void> {
    await this.#act('kill', id, { signal }, NOT_FOUND, CONFLICT);
  }

  async rename(id: string, name: string): Promise<void> {
    await this.#act('rename', id, { name }, NOT_FOUND);
  }

  /** Removes a container that has ended, its anonymous volumes included. */
  async remove(id: string): Promise<void> {
    const request = { method: 'DELETE', path: `/containers/${id}`, query: { v: 'true' } } as const;
    // It is gone, or somebody else is removing it.
    await this.#call(`remove container ${short(id)}`, request, NOT_FOUND, CONFLICT);
  }

  async #inspect(id: string): Promise<Container | undefined> {
    const request = { method: 'GET', path: `/containers/${id}/json` } as const;
    const answer = await this.#call(`inspect container ${short(id)}`, request, NOT_FOUND);
    return answer.status === NOT_FOUND ? undefined : parseContainer(answer.body);
  }

  async #create(name: string, plan: ContainerPlan): Promise<string> {
    const isMany = await this.#joinsMany();
    const networks = isMany ? Object.entries(plan.networks) : firstNetwork(plan);
    const { body } = await this.#call(`create container "${name}"`, {
      method: 'POST',
      path: '/containers/create',
      query: { name },
      body: { ...plan.body, NetworkingConfig: { EndpointsConfig: Object.fromEntries(networks) } },
    });
    return textOf(fieldsOf(body)['Id']);
  }

  /** Joins the networks that the creation could not. */
  async #connect(id: string, plan: ContainerPlan): Promise<void> {
    if (await this.#joinsMany()) return;
    const [first] = firstNetwork(plan);
    for (const [network, endpoint] of Object.entries(plan.networks)) {
      if (network === first?.[0]) continue;
      await this.#call(`connect container ${short(id)} to network "${network}"`, {
        method: 'POST',
        path: `/networks/${encodeURIComponent(network)}/connect`,
        body: { Container: id, EndpointConfig: endpoint },
      });
    }
  }

  async #joinsMany(): Promise<boolean> {
    return (await this.#connection.minor()) >= MANY_NETWORKS_MINOR;
  }

  #act(
    action: string,
    id: string,
    query: Readonly<Record<string, string>>,
    ...accepted: number[]
  ): Promise<EngineAnswer> {
    const request = { method: 'POST', path: `/containers/${id}/${action}`, query } as const;
    return this.#call(`${action} container ${short(id)}`, request, ...accepted);
  }

  async #call(what: string, request: EngineCall, ...accepted: number[]): Promise<EngineAnswer> {
    const answer = await this.#connection.send(request);
    if (answer.status < 400 || accepted.includes(answer.status)) return answer;
    throw refusal(what, answer);
  }
}

/** The network that a container is created in: the one that its definition names, else the first. */
function firstNetwork({ body, networks }: ContainerPlan): [string, object][] {
  const mode = textOf(fieldsOf(body['HostConfig'])['NetworkMode']);
  const entries = Object.entries(networks);
  const first = entries.find(([name]) => name === mode) ?? entries[0];
  return first === undefined ? [] : [first];
}

function short(id: string): string {
  return id.slice(0, 12);
}

function refusal(what: string, { status, body }: EngineAnswer): LongshoreError {
  const said = messageOf(body) || `status ${status}`;
  return new LongshoreError('target_unavailable', `The Docker engine could not ${what}: ${said}`, {
    details: { status, said },
    retryable: status >= 500,
  });
}
