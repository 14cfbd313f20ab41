/**
 * Our worker with a ledger, recording in every second window: each reading ends a window and begins one of the other
 * kind, so that what differs between processes and over time is in both alike. Recording is on from the first reading.
 */
import { createRecorder, type EndedAttempt } from '@longshore/ledger';
import { sqliteLedger } from '@longshore/ledger/sqlite';
import { createWorker, handle, jsonLog } from '@longshore/worker';
import { fail, joinParent, settings } from './client.ts';
import { benchTask, openQueue, type LongshoreSettings } from './longshore.ts';

/** Settings of this client. */
export interface LedgerWorkerSettings extends LongshoreSettings {
  readonly slots: number;
  readonly path: string;
  readonly flushEveryMs: number;
}

const { slots, path, flushEveryMs, ...address } = settings() as LedgerWorkerSettings;
const client = joinParent();
const log = jsonLog({ level: 'warn' });
const { ended } = createRecorder({
  ledger: sqliteLedger({ path }),
  service: 'bench',
  worker: 'bench-1',
  log,
  flushEveryMs,
});
const nothing = (_attempt: EndedAttempt): void => undefined;
let listener = nothing;
process.on('message', () => {
  listener = listener === nothing ? ended : nothing;
});

createWorker({
  queue: openQueue(address),
  slots,
  log,
  onFatal: fail,
  onEnded: (attempt) => listener(attempt),
  handlers: [handle(benchTask, async () => client.handled(0))],
}).start();
