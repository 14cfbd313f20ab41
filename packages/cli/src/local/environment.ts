/** The environment that points workers and commands at a local fleet. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Fleet } from '@longshore/fleet';
import type { LocalState } from './state.ts';

/** Variables of a local fleet; see `@longshore/launch` for their meaning. */
export function localEnvironment(
  fleet: Fleet,
  state: LocalState,
  endpointUrl: string,
): Record<string, string> {
  return {
    ...(endpointUrl.startsWith('redis:')
      ? { LONGSHORE_REDIS_URL: endpointUrl }
      : { LONGSHORE_SQS_ENDPOINT: endpointUrl }),
    LONGSHORE_OBJECTS: pathToFileURL(state.objects).href,
    LONGSHORE_SERVICES: fleet.services.map(({ name }) => name).join(','),
    LONGSHORE_SEARCH_INDEX: state.searchIndex,
    LONGSHORE_LEDGER: pathToFileURL(state.ledger).href.replace(/^file:/, 'sqlite:'),
    // Compiled code of an earlier start is used again: a worker's modules load in half the time.
    NODE_COMPILE_CACHE: join(tmpdir(), 'longshore-compile-cache'),
    AWS_REGION: 'us-east-1',
    // The embedded endpoint checks no signature; the SDK wants some credentials to sign with.
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  };
}
