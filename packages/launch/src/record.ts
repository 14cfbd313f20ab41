/** Records what a worker process does in the fleet's ledger, where the settings name one. */
import { hostname } from 'node:os';
import type { Fleet } from '@longshore/fleet';
import { isLongshoreError } from '@longshore/job';
import { createRecorder, type Recorder } from '@longshore/ledger';
import type { Logger } from '@longshore/worker';
import { openLedger } from './open-ledger.ts';
import type { Settings } from './settings.ts';

/** What is recorded, and the end of it. */
export interface Recording extends Pick<Recorder, 'sent' | 'ended'> {
  /** Call it when nothing is sent and nothing runs any more. */
  stop(): Promise<void>;
}

/** Of the time between SIGTERM and SIGKILL, after the drain. */
const STOP_WITHIN_MS = 2_000;

/**
 * Starts recording; `undefined` without a ledger. One that is out of reach is written later.
 *
 * @throws LongshoreError `ledger_incompatible`, `invalid_options`
 */
export async function startRecording(
  { fleet, service }: { readonly fleet: Fleet; readonly service: string },
  settings: Pick<Settings, 'ledger' | 'revision'>,
  log: Logger,
): Promise<Recording | undefined> {
  if (settings.ledger === undefined) return undefined;
  const ledger = await openLedger(settings.ledger);
  const recorder = createRecorder({
    ledger,
    service,
    serviceOf: serviceOfJob(fleet),
    worker: `${hostname()}:${process.pid}`,
    revision: settings.revision ?? '',
    log,
  });
  const stop = async (): Promise<void> => {
    await recorder.stop({ deadlineMs: STOP_WITHIN_MS });
    // A store that hangs must not hold up the end of the process.
    void ledger.close().catch((error: unknown) => log.warn({ err: error }, 'Could not close the ledger'));
  };
  try {
    await recorder.flush();
  } catch (error) {
    if (!isLongshoreError(error) || !error.retryable) {
      await stop();
      throw error;
    }
  }
  return { sent: recorder.sent, ended: recorder.ended, stop };
}

/** The service whose workers take a job; that of its queue. */
function serviceOfJob(fleet: Fleet): (job: string) => string | undefined {
  const services = new Map<string, string>();
  for (const { name, queue } of fleet.services.toReversed())
    for (const job of fleet.queues.find((each) => each.name === queue)?.jobs ?? []) services.set(job, name);
  return (job) => services.get(job);
}
