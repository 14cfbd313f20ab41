/** Facts up, intent down: connects one worker to whoever plans the fleet, for as long as it runs. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { systemClock } from '@longshore/job';
import type { Logger, Worker } from '@longshore/worker';
import { controlWatch } from './control-watch.ts';
import { readEcsTask, type EcsTask } from './ecs-task.ts';
import { factsReporter } from './facts-reporter.ts';
import { heartbeatSource } from './heartbeat.ts';
import type { OpenFleet } from './open-fleet.ts';
import { reportToParent } from './parent-reporter.ts';
import type { Settings } from './settings.ts';

/** Options of {@link joinControlPlane}. */
export interface ControlPlaneOptions {
  readonly worker: Worker;
  /** Name of the worker's service. */
  readonly service: string;
  readonly opened: OpenFleet;
  readonly settings: Pick<Settings, 'heartbeats' | 'revision' | 'ecsMetadataUri'>;
  readonly log: Logger;
}

/** Reports to the parent process if there is one, else to the facts queue, and obeys the control document. */
export function joinControlPlane(options: ControlPlaneOptions): { stop: () => Promise<void> } {
  const { worker, service, opened, settings, log } = options;
  const { revision, ecsMetadataUri: metadataUri } = settings;
  const clock = systemClock;
  const self = {
    worker: randomUUID(),
    service,
    host: hostname(),
    ...(revision === undefined ? {} : { revision }),
  };
  let task: EcsTask | undefined;
  if (metadataUri !== undefined)
    void readEcsTask({ metadataUri, log, clock, fetch }).then((read) => {
      task = read;
    });
  const source = heartbeatSource({
    worker,
    // A revision that was set says more than the task definition.
    identity: () => ({ ...task, ...self }),
    clock,
    startedAtMs: performance.timeOrigin,
    rssBytes: () => process.memoryUsage.rss(),
  });
  const parent = reportToParent(source);
  const isChild = process.send !== undefined;
  const facts =
    (settings.heartbeats ?? (isChild ? 'off' : 'queue')) === 'off'
      ? undefined
      : factsReporter({ source, queue: opened.facts(), clock, random: Math.random, log });
  const watch = controlWatch({
    objects: opened.objects,
    service,
    workerId: self.worker,
    worker,
    clock,
    random: Math.random,
    log,
  });
  facts?.start();
  watch.start();
  return {
    async stop() {
      parent.stop();
      await Promise.all([facts?.stop(), watch.stop()]);
    },
  };
}
