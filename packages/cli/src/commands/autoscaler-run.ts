/** `longshore autoscaler run`: the control loop of a fleet, as a process of its own. */
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { Autoscaler } from '@longshore/autoscaler';
import { fleetWarnings } from '@longshore/fleet';
import { LongshoreError } from '@longshore/job';
import { openFleet, readSettings } from '@longshore/launch';
import { jsonLog } from '@longshore/worker';
import { FLEET_OPTION, defineCommand, type Command } from '../command.ts';
import { EXIT_OK } from '../exit-code.ts';
import { listenForInterruption } from '../interruption.ts';
import { loadFleet } from '../load-fleet.ts';
import type { TargetChoice } from '../scaling/open-controller.ts';

const DEFAULT_INTERVAL_MS = 5_000;

/** The command. */
export const run: Command = defineCommand({
  name: 'run',
  summary: 'Scale the services of a fleet on ECS or on Docker',
  description: [
    'Runs until Ctrl-C or SIGTERM. Several may run: one leads, the others stand by and take over when it is gone. The environment says where queues, objects and the ledger are, as for workers; LONGSHORE_OBJECTS is required.',
    'With --mode dry-run it decides and changes nothing; with --mode shadow it also adds up what the scaler in charge costs and what this one would. Decisions go to the ledger that LONGSHORE_LEDGER names.',
  ],
  options: {
    target: { type: 'text', choices: ['ecs', 'docker'], default: 'ecs', description: 'Where tasks run' },
    cluster: { type: 'text', placeholder: 'name', description: 'ECS cluster (for --target ecs)' },
    prefix: {
      type: 'text',
      placeholder: 'text',
      description: 'ECS services are called prefix-service (default: the name of the fleet; "" for none)',
    },
    project: {
      type: 'text',
      placeholder: 'name',
      description: 'Compose project (default: the name of the fleet)',
    },
    mode: {
      type: 'text',
      choices: ['apply', 'dry-run', 'shadow'],
      default: 'apply',
      description: 'Whether counts are changed',
    },
    interval: { type: 'duration', description: 'Between two rounds (default 5s)' },
    emf: { type: 'boolean', description: 'Write CloudWatch metrics to stdout, in embedded metric format' },
    metrics: {
      type: 'integer',
      max: 65_535,
      description: 'Port of /metrics and /livez on 127.0.0.1 (default: none)',
    },
    fleet: FLEET_OPTION,
  },
  examples: [
    { command: 'longshore autoscaler run --cluster production', note: 'On ECS' },
    {
      command: 'longshore autoscaler run --target docker --project documents',
      note: 'On this machine’s Docker engine',
    },
    {
      command: 'longshore autoscaler run --cluster production --mode shadow',
      note: 'Beside the scaler in charge',
    },
  ],
  async run({ values, terminal, env, cwd }) {
    const { fleet } = await loadFleet({ cwd, path: values.fleet });
    const target = targetOf(values, fleet.name);
    const log = jsonLog({ fields: { name: 'autoscaler' } });
    for (const { service, message } of fleetWarnings(fleet)) log.warn({ service }, message);
    await using opened = await openFleet(fleet, readSettings(env));
    const { openController } = await import('../scaling/open-controller.ts');
    using interruption = listenForInterruption();
    await using controller = await openController({
      fleet,
      opened,
      env,
      target,
      mode: modeOf(values.mode),
      intervalMs: values.interval ?? DEFAULT_INTERVAL_MS,
      emf: values.emf ? (line) => terminal.data.write(`${line}\n`) : undefined,
      log,
    });
    const server =
      values.metrics === undefined ? undefined : await serve(controller.autoscaler, values.metrics);
    controller.start();
    await aborted(interruption.signal);
    server?.close();
    server?.closeAllConnections();
    return EXIT_OK;
  },
});

function targetOf(
  values: {
    readonly target: string;
    readonly cluster?: string | undefined;
    readonly prefix?: string | undefined;
    readonly project?: string | undefined;
  },
  fleetName: string,
): TargetChoice {
  if (values.target === 'docker') return { kind: 'docker', project: values.project ?? fleetName };
  if (values.cluster === undefined)
    throw new LongshoreError(
      'invalid_options',
      'Cannot run "longshore autoscaler run": --target ecs needs --cluster, the name of the ECS cluster',
    );
  return { kind: 'ecs', cluster: values.cluster, servicePrefix: values.prefix ?? fleetName };
}

function modeOf(mode: string): 'apply' | 'dry-run' | 'shadow' {
  return mode === 'dry-run' || mode === 'shadow' ? mode : 'apply';
}

async function serve(autoscaler: Autoscaler, port: number): Promise<Server> {
  const server = createServer((request, response) => {
    const isMetrics = request.url === '/metrics';
    const isAlive = request.url === '/livez';
    const type = isMetrics ? 'text/plain; version=0.0.4; charset=utf-8' : 'text/plain';
    response.writeHead(isMetrics || isAlive ? 200 : 404, { 'content-type': type });
    response.end(isMetrics ? autoscaler.metricsText() : isAlive ? 'ok\n' : 'Paths: /livez /metrics\n');
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}
