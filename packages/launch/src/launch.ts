/**
 * Runs one worker of a service as a process: settings from the environment, clients, health endpoint, the control
 * plane, drain at SIGTERM or SIGINT, exit code.
 *
 * This is the composition root that all services share; a service's `main.ts` says only which handlers it has.
 */
import { serviceNamed, type Fleet, type FleetService } from '@longshore/fleet';
import { errorDetails, isLongshoreError } from '@longshore/job';
import { createOnce } from '@longshore/once';
import { objectsOnceStore } from '@longshore/once/objects';
import { verifyConditionalCreate, type ObjectStore } from '@longshore/objects';
import {
  createWorker,
  jsonLog,
  serveHealth,
  type ForeignDecoder,
  type HandlerBinding,
  type Logger,
  type Worker,
} from '@longshore/worker';
import { spotNotice, type SpotNotice } from '@longshore/worker/ec2';
import { ecsTaskProtection } from '@longshore/worker/ecs';
import { joinControlPlane } from './control-plane.ts';
import { openFleet, type OpenFleet } from './open-fleet.ts';
import { startRecording } from './record.ts';
import { logLevel, readSettings, type Environment, type Settings } from './settings.ts';

/** What a service's handlers are made from. */
export interface LaunchResources {
  readonly service: FleetService;
  readonly objects: ObjectStore;
  readonly env: Environment;
  readonly log: Logger;
  /** Whether a service that takes this job runs here: a job that nobody takes need not be enqueued. */
  readonly isServed: (job: string) => boolean;
}

/** What a service brings. */
export interface Launched {
  readonly handlers: readonly HandlerBinding[];
  readonly decoders?: readonly ForeignDecoder[];
  /** Called after the worker has drained. */
  readonly close?: () => Promise<void>;
}

/** Options of {@link launch}. */
export interface LaunchOptions {
  readonly fleet: Fleet;
  /** Name of the service in the fleet. */
  readonly service: string;
  /** Makes the handlers; called once, after the settings are read. */
  readonly setUp: (resources: LaunchResources) => Launched | Promise<Launched>;
  /** Default `process.env`. */
  readonly env?: Environment;
}

/** Exit codes: 0 drained, 1 failed while running, 2 wrong settings or fleet. */
const EXIT_FAILED = 1;
const EXIT_MISCONFIGURED = 2;
const MISCONFIGURATIONS: ReadonlySet<string> = new Set([
  'invalid_options',
  'invalid_fleet',
  'conditional_writes_ignored',
  'queue_missing',
  'ledger_incompatible',
]);

/**
 * Runs the worker until the process is told to stop, then exits it. Never resolves before that.
 *
 * SIGTERM and SIGINT drain within the service's `drain` time and exit 0; so does the loss of a parent that started this
 * process with an IPC channel, so that no worker outlives its fleet.
 */
export async function launch(options: LaunchOptions): Promise<void> {
  const env = options.env ?? process.env;
  const log = jsonLog({ level: logLevel(env['LONGSHORE_LOG_LEVEL']), fields: { name: options.service } });
  try {
    const code = await run(options, env, log);
    process.exit(code);
  } catch (error) {
    const { code, message } = errorDetails(error);
    log.error({ err: error, code }, message);
    const misconfigured = MISCONFIGURATIONS.has(code);
    process.exit(misconfigured ? EXIT_MISCONFIGURED : EXIT_FAILED);
  }
}

async function run(options: LaunchOptions, env: Environment, log: Logger): Promise<number> {
  // Only this function ends the process: it must not run dry while something is awaited.
  const alive = setInterval(() => undefined, 2 ** 30);
  const service = serviceNamed(options.fleet, options.service);
  const settings = readSettings(env);
  const stop = stopRequest(log);
  const recording = await startRecording(options, settings, log);
  const opened = await openFleet(options.fleet, settings, recording);
  // Effects that happen once are conditional writes: a store that ignores the condition must not be worked on.
  if (opened.objects.capabilities.conditionalCreate === 'unverified')
    await verifyConditionalCreate(opened.objects, { prefix: 'probes' });
  await verifyQueues(opened, service.queue, log);
  const setUp = await options.setUp({
    service,
    objects: opened.objects,
    env,
    log,
    isServed: (job) => isServed(options.fleet, settings, job),
  });
  const queue = options.fleet.queues.find((entry) => entry.name === service.queue);
  const protection =
    settings.ecsAgentUri === undefined
      ? undefined
      : ecsTaskProtection({ agentUri: settings.ecsAgentUri, log });
  const worker = createWorker({
    queue: opened.queue(service.queue),
    handlers: setUp.handlers,
    objects: opened.objects,
    producer: opened.producer,
    once: createOnce({ store: objectsOnceStore({ objects: opened.objects }) }),
    ...(protection === undefined ? {} : { protection }),
    slots: service.slots,
    waitMs: settings.pollMs,
    log,
    ...(queue === undefined ? {} : { leaseMs: queue.leaseMs }),
    ...(setUp.decoders === undefined ? {} : { decoders: setUp.decoders }),
    ...(recording === undefined ? {} : { onEnded: recording.ended }),
    onFatal: (error) => stop.fail(error),
  });
  worker.start();
  const notices = settings.spotNotices ? watchSpotNotices(stop, log) : undefined;
  const health =
    settings.health === undefined ? undefined : await serveHealth({ worker, ...settings.health });
  const control = joinControlPlane({ worker, service: service.name, opened, settings, log });
  log.info({ slots: service.slots, healthPort: health?.port }, 'Worker started');
  const failure = await stop.requested;
  await drain(worker, service.drainMs, log);
  await control.stop();
  await notices?.stop();
  await protection?.close();
  await health?.[Symbol.asyncDispose]();
  await setUp.close?.();
  await opened.close();
  await recording?.stop();
  log.info({}, 'Worker stopped');
  clearInterval(alive);
  return failure === undefined ? 0 : EXIT_FAILED;
}

function isServed({ queues, services }: Fleet, settings: Settings, job: string): boolean {
  const queue = queues.find(({ jobs }) => jobs.includes(job));
  return services.some(
    (each) => each.queue === queue?.name && (settings.services?.includes(each.name) ?? true),
  );
}

/**
 * A worker without a dead-letter queue could bury nothing, and one whose Redis may evict keys loses jobs: neither starts.
 * Queues that are out of reach for now are waited for by the worker itself.
 */
async function verifyQueues(opened: OpenFleet, queue: string, log: Logger): Promise<void> {
  for (const each of [opened.queue(queue), opened.deadLetters(queue)]) {
    await each.counts().catch((error: unknown) => {
      if (!isLongshoreError(error) || !error.retryable) throw error;
      log.warn({ err: error, queue: each.name }, 'The queue is out of reach, starting nevertheless');
    });
  }
}

async function drain(worker: Worker, deadlineMs: number, log: Logger): Promise<void> {
  log.info({ deadlineMs, busy: worker.stats().busy }, 'Draining');
  await worker.stop({ deadlineMs });
}

function watchSpotNotices(stop: StopRequest, log: Logger): SpotNotice {
  const watch = spotNotice({
    log,
    onNotice: ({ action, atMs }) => {
      log.warn({ action, at: new Date(atMs).toISOString() }, 'EC2 takes this instance back');
      stop.request();
    },
  });
  watch.start();
  return watch;
}

interface StopRequest {
  readonly requested: Promise<Error | undefined>;
  readonly request: () => void;
  readonly fail: (error: Error) => void;
}

/** Resolves when the process must stop: with the failure, or nothing when it was asked to. */
function stopRequest(log: Logger): StopRequest {
  const { promise, resolve } = Promise.withResolvers<Error | undefined>();
  const fail = (error: Error): void => {
    log.error({ err: error }, 'The worker cannot go on, draining');
    resolve(error);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      log.info({ signal }, 'Asked to stop');
      resolve(undefined);
    });
  }
  process.once('disconnect', () => {
    log.info({}, 'The parent process is gone');
    resolve(undefined);
  });
  // A promise nobody awaits belongs to one job, but which one is unknown: finish the others and start afresh.
  process.on('unhandledRejection', (reason) =>
    fail(reason instanceof Error ? reason : new Error(String(reason))),
  );
  return { requested: promise, request: () => resolve(undefined), fail };
}
