/** Entry of the ledger thread: owns the connection, answers calls in order. */
import { parentPort, workerData } from 'node:worker_threads';
import { isLongshoreError } from '@longshore/job';
import { openLedgerFile, type LedgerFile } from './ledger-file.ts';
import type { OpenOptions } from './schema.ts';
import type { LedgerAnswer, LedgerCall } from './ledger-thread.ts';

const port = parentPort;
if (port === null) throw new Error('The ledger thread must be started by sqliteLedger');

const options = workerData as OpenOptions;
let file: LedgerFile | undefined;

port.on('message', ({ call, ...todo }: LedgerCall) => {
  let answer: LedgerAnswer;
  try {
    answer = { call, ok: true, rows: perform(todo) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const known = isLongshoreError(error);
    answer = {
      call,
      ok: false,
      message,
      code: known ? error.code : 'ledger_unavailable',
      retryable: !known || error.retryable,
    };
  }
  port.postMessage(answer);
  if (todo.kind === 'close') port.close();
});

function perform(todo: Omit<LedgerCall, 'call'>): Extract<LedgerAnswer, { ok: true }>['rows'] {
  const { kind, argument } = todo as LedgerCall;
  if (kind === 'close') {
    file?.close();
    return [];
  }
  file ??= openLedgerFile(options);
  if (kind === 'run') return file.run(argument.text, argument.values);
  file.append(argument);
  return [];
}
