/** The object store as one process sees it: attempt records, claims and keyed effects, over the faulty network. */
import { LongshoreError } from '@longshore/job';
import type { ObjectInfo, ObjectStore, StoredObject } from '@longshore/objects';
import type { Ledger } from './ledger.ts';
import type { Network } from './network.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { SimulatedSqs } from './simulated-sqs.ts';

/** What a process' object store is made of. */
export interface ProcessObjectsOptions {
  readonly process: SimulatedProcess;
  readonly network: Network;
  /** The server: objects by key. */
  readonly stored: Map<string, string>;
  readonly sqs: SimulatedSqs;
  readonly ledger: Ledger;
}

/** Under it, an object is an effect: its key is the job's idempotency key, its body the job. */
export const EFFECTS = 'effects/';

/** The object store of a process. */
export function processObjects({
  process,
  network,
  stored,
  sqs,
  ledger,
}: ProcessObjectsOptions): ObjectStore {
  const explain = (key: string, fault: string): void => {
    const [folder, , messageId = ''] = key.split('/');
    const message = folder === 'attempts' ? sqs.find(messageId) : undefined;
    if (message !== undefined) ledger.explain(message, `objects: ${fault}`);
    if (folder === 'claims') ledger.explainJob(messageId.replace('.json', ''), `objects: ${fault}`);
  };
  const call = <Answer>(name: string, key: string, execute: () => Answer): Promise<Answer> =>
    network.call<Answer>({
      process,
      port: 'objects',
      name: `${name} ${key}`,
      execute: (answer) => answer(execute()),
      unheard: (fault) => {
        throw new LongshoreError('object_store_unavailable', `Cannot ${name} "${key}": ${fault}`, {
          retryable: true,
        });
      },
      onFault: (fault) => explain(key, fault),
    });
  const info = (key: string): ObjectInfo => ({
    key,
    bytes: stored.get(key)?.length ?? 0,
    etag: 'etag',
    modifiedAtMs: process.clock.nowMs(),
  });
  return {
    capabilities: { conditionalCreate: 'enforced', presignedReads: false },
    put: (key, body) =>
      call('put', key, () => {
        stored.set(key, textOf(body));
        return info(key);
      }),
    create: (key, body) =>
      call('create', key, () => {
        if (stored.has(key)) return { created: false };
        stored.set(key, textOf(body));
        if (key.startsWith(EFFECTS)) ledger.effect(textOf(body));
        return { created: true };
      }),
    get: (key) =>
      call('get', key, (): StoredObject | undefined => {
        const text = stored.get(key);
        return text === undefined ? undefined : { ...info(key), body: bodyOf(text) };
      }),
    head: (key) => call('head', key, () => (stored.has(key) ? info(key) : undefined)),
    delete: (key) => call('delete', key, () => void stored.delete(key)),
    async *list(prefix) {
      const keys = await call('list', prefix, () =>
        [...stored.keys()].filter((key) => key.startsWith(prefix)),
      );
      yield* keys.sort().map(info);
    },
    presign: () => Promise.reject(new LongshoreError('unsupported', 'The simulated store signs no URLs')),
    close: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function* bodyOf(text: string): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(Buffer.from(text));
}

function textOf(body: unknown): string {
  if (typeof body === 'string') return body;
  throw new LongshoreError('unsupported', 'The simulated store takes text');
}
