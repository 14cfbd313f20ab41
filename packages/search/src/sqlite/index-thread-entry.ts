/** Entry of the index thread: owns the connection, answers calls in order. */
import { parentPort, workerData } from 'node:worker_threads';
import { isLongshoreError } from '@longshore/job';
import type { IndexOperation, SearchQuery } from '../search-index.ts';
import { openIndexFile, type IndexFile } from './index-file.ts';
import type { IndexAnswer, IndexCall, IndexThreadData } from './index-thread.ts';

const port = parentPort;
if (port === null) throw new Error('The index thread must be started by sqliteSearchIndex');

const { path, readOnly = false } = workerData as IndexThreadData;
let opened: IndexFile | undefined;

port.on('message', ({ call, method, argument }: IndexCall) => {
  let answer: IndexAnswer;
  try {
    answer = { call, ok: true, value: run(method, argument) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    answer = { call, ok: false, code: isLongshoreError(error) ? error.code : 'index_unavailable', message };
  }
  port.postMessage(answer);
  if (method === 'close') port.close();
});

function run(method: IndexCall['method'], argument: unknown): unknown {
  if (method === 'close') return opened?.close();
  opened ??= openIndexFile(path, readOnly);
  switch (method) {
    case 'bulk':
      return opened.bulk(argument as IndexOperation[]);
    case 'search':
      return opened.search(argument as SearchQuery);
    case 'revisions':
      return opened.revisions(argument as string[]);
    case 'count':
      return opened.count();
    case 'check':
      return opened.check();
    case 'beginRebuild':
      return opened.beginRebuild();
    case 'fill':
      return opened.fill(argument as IndexOperation[]);
    case 'activate':
      return opened.activate();
    case 'abandon':
      return opened.abandon();
  }
}
