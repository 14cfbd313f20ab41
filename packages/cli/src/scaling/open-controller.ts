/** Puts the autoscaler of a fleet together: its target, its facts, its lease, its ledger, what is known of the time ahead. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import {
  createAutoscaler,
  emfSink,
  ledgerSink,
  objectsLease,
  readPin,
  scalingSpec,
  seasonOutlook,
  type Allocate,
  type Autoscaler,
  type AutoscalerLog,
  type ControllerMode,
  type DecisionSink,
  type Outlook,
  type ScalingTarget,
} from '@longshore/autoscaler';
import { controlDocuments, type ControlDocuments } from '@longshore/autoscaler/control';
import { consumeHeartbeats, workerReports, type WorkerReports } from '@longshore/autoscaler/workers';
import { allocate, calendarAt, type Fleet } from '@longshore/fleet';
import { systemClock } from '@longshore/job';
import { openLedger, readLedgerLocation, type Environment, type OpenFleet } from '@longshore/launch';
import { LongshoreError } from '@longshore/job';

/** Where tasks run. */
export type TargetChoice =
  | { readonly kind: 'ecs'; readonly cluster: string; readonly servicePrefix: string }
  | { readonly kind: 'docker'; readonly project: string };

/** Options of {@link openController}. */
export interface ControllerOptions {
  readonly fleet: Fleet;
  readonly opened: OpenFleet;
  readonly env: Environment;
  readonly target: TargetChoice;
  readonly mode: ControllerMode;
  readonly intervalMs: number;
  /** Writes lines for CloudWatch to this. */
  readonly emf: ((line: string) => void) | undefined;
  readonly log: AutoscalerLog;
}

/** An opened controller, stopped at first. */
export interface OpenController extends AsyncDisposable {
  readonly autoscaler: Autoscaler;
  start(): void;
}

/** Bounds of the SDK's calls; its own defaults may take minutes. */
const AWS_TIMEOUTS = { connectionTimeout: 2_000, requestTimeout: 4_000 };

/** Opens it. Nothing is called before `start`. */
export async function openController(options: ControllerOptions): Promise<OpenController> {
  const { fleet, opened, env, log, mode, intervalMs } = options;
  const clock = systemClock;
  const faults: string[] = [];
  const location = readLedgerLocation(env, faults);
  if (faults.length > 0)
    throw new LongshoreError('invalid_options', `Cannot start the autoscaler: ${faults.join('; ')}`);
  const ledger = location === undefined ? undefined : await openLedger(location);
  const reports = workerReports({ clock });
  const heartbeats = consumeHeartbeats({ queue: opened.facts(), reports, log, clock });
  const names = fleet.services.map(({ name }) => name);
  const seasons = ledger === undefined ? undefined : seasonOutlook({ ledger, services: names, log });
  const control = controlOfTerm(opened, () => autoscaler.term);
  const { target, close: closeTarget } = await openTarget(options, reports, control);
  const sink = sinkOf(options, ledger);
  const autoscaler = createAutoscaler({
    services: fleet.services.map((service) => ({
      spec: scalingSpec(service),
      backlog: opened.queue(service.queue),
    })),
    target,
    mode,
    intervalMs,
    lease: objectsLease({
      objects: opened.objects,
      holder: `${hostname()}/${process.pid}/${randomBytes(4).toString('hex')}`,
    }),
    pin: (service) => readPin(opened.objects, service, Date.now()),
    outlook: outlookOf(fleet, seasons),
    ...(fleet.pool === undefined ? {} : { allocate: poolOf(fleet) }),
    ...(sink === undefined ? {} : { sink }),
    log,
    // What workers were told would expire; only a leader tells them anything.
    onDecision: () => {
      if (autoscaler.isLeader && mode === 'apply') void control.refresh();
    },
  });
  return {
    autoscaler,
    start() {
      heartbeats.start();
      seasons?.start();
      autoscaler.start();
    },
    async [Symbol.asyncDispose]() {
      await autoscaler.stop();
      seasons?.stop();
      await heartbeats.stop();
      await closeTarget();
      await ledger?.close();
    },
  };
}

/** The control documents of the term that this controller leads in. */
function controlOfTerm(
  { objects }: OpenFleet,
  termNow: () => number,
): Pick<ControlDocuments, 'drain'> & { refresh(): Promise<void> } {
  let current: { readonly term: number; readonly documents: ControlDocuments } | undefined;
  let refreshing: Promise<void> | undefined;
  const documents = (): ControlDocuments => {
    const term = termNow();
    if (current?.term !== term)
      current = { term, documents: controlDocuments({ objects, clock: systemClock, term }) };
    return current.documents;
  };
  return {
    drain: (service, workerIds) => documents().drain(service, workerIds),
    // Called for every service of a round; one at a time is enough. What fails is written at the next round.
    refresh: () =>
      (refreshing ??= documents()
        .refresh()
        .then(
          () => undefined,
          () => undefined,
        )
        .finally(() => {
          refreshing = undefined;
        })),
  };
}

async function openTarget(
  { target, log, fleet }: ControllerOptions,
  workers: WorkerReports,
  control: Pick<ControlDocuments, 'drain'>,
): Promise<{ readonly target: ScalingTarget; readonly close: () => Promise<void> }> {
  if (target.kind === 'docker') {
    const { dockerTarget } = await import('@longshore/autoscaler/docker');
    const docker = dockerTarget({ project: target.project, workers, log });
    return { target: docker, close: () => docker.close() };
  }
  const [{ ECSClient }, { ecsTarget }] = await Promise.all([
    import('@aws-sdk/client-ecs'),
    import('@longshore/autoscaler/ecs'),
  ]);
  const client = new ECSClient({ maxAttempts: 2, requestHandler: AWS_TIMEOUTS });
  const prefix = target.servicePrefix === '' ? '' : `${target.servicePrefix}-`;
  const ecs = ecsTarget({
    client,
    cluster: target.cluster,
    serviceName: (service) => `${prefix}${service}`,
    workers,
    control,
    log,
  });
  log.info({ cluster: target.cluster, services: fleet.services.length }, 'Scaling services on ECS');
  return {
    target: ecs,
    close: () => {
      client.destroy();
      return Promise.resolve();
    },
  };
}

function sinkOf(
  { emf }: ControllerOptions,
  ledger: Parameters<typeof ledgerSink>[0] | undefined,
): DecisionSink | undefined {
  const sinks = [
    ...(ledger === undefined ? [] : [ledgerSink(ledger)]),
    ...(emf === undefined ? [] : [emfSink({ write: emf })]),
  ];
  if (sinks.length === 0) return undefined;
  return {
    append: async (records) => {
      for (const sink of sinks) await sink.append(records);
    },
  };
}

/** The calendar of the fleet and the season of the ledger, as far ahead as a task takes to start. */
function outlookOf(
  fleet: Fleet,
  seasons: ReturnType<typeof seasonOutlook> | undefined,
): (service: string, nowMs: number) => Outlook | undefined {
  const services = new Map(fleet.services.map((service) => [service.name, service]));
  return (name, nowMs) => {
    const service = services.get(name);
    if (service === undefined) return undefined;
    const known = calendarAt(service.calendar, nowMs, service.startupMs);
    const change = seasons?.changePerSecond(name, nowMs, service.startupMs) ?? 0;
    if (known === undefined && change === 0) return undefined;
    return { ...known, ...(change === 0 ? {} : { changePerSecond: change }) };
  };
}

/** Shares the fleet's instances out by priority, then by how late jobs are. */
function poolOf(fleet: Fleet): Allocate {
  const { pool } = fleet;
  const services = new Map(fleet.services.map((service) => [service.name, service]));
  return (wishes) => {
    if (pool === undefined) return new Map();
    const grants = allocate(
      wishes.flatMap(({ service: name, desired, current, facts }) => {
        const service = services.get(name);
        if (service === undefined) return [];
        const { priority, cpuUnits, memoryMiB, objective } = service;
        const lateness = (facts.target?.oldestWaitMs ?? 0) / objective.timeInQueueMs;
        return [{ service: name, desired, current, priority, cpuUnits, memoryMiB, lateness }];
      }),
      { cpuUnits: pool.cpuUnits, memoryMiB: pool.memoryMiB, instances: pool.instances.max },
    );
    return new Map(grants.map(({ service, tasks }) => [service, tasks]));
  };
}
