/** The destination `s3`: an event becomes one object, named by its id, so that repetitions are one object as well. */
import { LongshoreError, errorDetails } from '@longshore/job';
import { assertPrefix, type ObjectStore } from '@longshore/objects';
import type { Destination } from '../destination.ts';

/** Options of {@link objectDestination}. */
export interface ObjectDestinationOptions {
  readonly objects: ObjectStore;
  /** Folder of the store that all targets lie in. Default `events`. */
  readonly folder?: string;
}

/** Makes the destination `s3`; a target is a folder, the event lies at `<folder>/<target>/<tenant>/<event id>.json`. */
export function objectDestination({ objects, folder = 'events' }: ObjectDestinationOptions): Destination {
  return {
    kind: 's3',
    async check(target) {
      assertFolder(target);
    },
    async send({ endpoint, id, body }, { signal }) {
      try {
        const key = `${folder}/${endpoint.target}/${endpoint.tenant}/${id}.json`;
        await objects.put(key, body, { contentType: 'application/json', signal });
        return { kind: 'delivered' };
      } catch (error) {
        signal.throwIfAborted();
        return { kind: 'failed', error: errorDetails(error).message };
      }
    },
    close: () => Promise.resolve(),
  };
}

/** Looks at a target of the kind `s3`. @throws LongshoreError `invalid_options` */
export function assertFolder(target: string): void {
  try {
    assertPrefix(`${target}/`);
  } catch (cause) {
    const { message } = errorDetails(cause);
    throw new LongshoreError('invalid_options', `Cannot write events to folder "${target}": ${message}`, {
      cause,
    });
  }
}
